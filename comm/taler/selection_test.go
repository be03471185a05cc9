package taler

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// A bank that has done what it was asked and says so in words that nobody understands is
// looked at: its own status decides, and no wallet asks for ever.
func TestASelectionThatIsAnsweredWithNothingOfUse(t *testing.T) {
	const otherKey = "00000000000000000000000000000000000000000000000000M0"
	path := "/withdrawal-operation/" + someID
	status := func(members string) string { return `{"wire_types":["iban"],"currency":"CHF",` + members + `}` }
	ours := `"status":"selected","selected_reserve_pub":"` + someKey + `"`
	for _, row := range []struct {
		name, answer, shows string
		result              string       // of an operation that has ended well
		outcome             fault.Reason // of the fault that has ended it
		open                fault.Reason // of the fault because of which it is asked again
	}{
		{"it is ours", `{}`, status(ours), `"status":"selected"`, "", ""},
		{"it is ours, after a web page", "<html>welcome</html>", status(ours), `"status":"selected"`, "", ""},
		{"it is ours, after nothing", "204 ", status(ours), `"status":"selected"`, "", ""},
		{"it is ours, after too much", strings.Repeat("x", maxAnswer+1), status(ours), `"status":"selected"`, "", ""},
		{"it is ours, with a page of the bank", `{}`, status(ours + `,"confirm_transfer_url":"https://bank.example.com/yes"`), `"confirm_transfer_url":"https://bank.example.com/yes"`, "", ""},
		{"it is paid by now", `{}`, status(`"status":"confirmed","selected_reserve_pub":"` + someKey + `"`), `"status":"confirmed"`, "", ""},
		{"it was aborted", `{}`, status(`"status":"aborted"`), `"status":"aborted"`, "", ""},
		{"another wallet has it", `{}`, status(`"status":"selected","selected_reserve_pub":"` + otherKey + `"`), "", ReasonSelectionConflict, ""},
		{"nothing was done", `{}`, status(`"status":"pending"`), "", ReasonAnswerMalformed, ""},
		{"it is gone", `{}`, `404 {"code":5107}`, "", ReasonUnknownOperation, ""},
		{"nobody says whose it is", `{}`, status(`"status":"selected"`), "", "", ReasonAnswerMalformed},
		{"the bank shows nothing of use", `{}`, `{}`, "", "", ReasonAnswerMalformed},
		{"the bank does not show it", `{}`, "lost", "", "", ReasonAnswerMalformed},
		{"an answer that is lost is no answer", "lost", status(ours), "", "", "answer-missing"},
	} {
		t.Run(row.name, func(t *testing.T) {
			bank := newCounter(t, map[string]string{"GET /config": integrationConfig, "POST " + path: row.answer, "GET " + path: row.shows})
			var got comm.Executed
			err := bank.session(t, comm.Client).Call(t.Context(), comm.MethodExecute, withdraw(OperationSelect, SelectArgs{
				WOPID: someWOPID(t).ID(), ReservePub: mustKey(t, someKey), SelectedExchange: somePayto,
			}), &got)
			var outcome fault.Reason
			if got.Fault != nil {
				outcome = got.Fault.Reason
			}
			if fault.ReasonOf(err) != row.open || outcome != row.outcome || !strings.Contains(string(got.Result), row.result) {
				t.Errorf("%s, ended by %v, open because of %v", got.Result, got.Fault, err)
			}
			if n := bank.times("POST " + path); n != 1 {
				t.Errorf("selected %d times", n)
			}
		})
	}
}
