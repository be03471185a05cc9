package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/protocol"
)

const account = "payto://iban/CH9300762011623852957?receiver-name=Exchange"

// A bank that leaves the amount to the wallet is told it, or the terminal would not know what
// to charge; one that has fixed it is not told another.
func TestASelectionNamesTheAmountThatIsLeftOpen(t *testing.T) {
	for name, row := range map[string]struct {
		says func(*taler.BankWithdrawalOperationStatus)
		want string
	}{
		"fixed":                        {func(*taler.BankWithdrawalOperationStatus) {}, ""},
		"left to the wallet":           {func(s *taler.BankWithdrawalOperationStatus) { s.Amount = taler.Amount{} }, "CHF:20"},
		"not for the wallet to choose": {func(s *taler.BankWithdrawalOperationStatus) { s.Amount, s.NoAmountToWallet = taler.Amount{}, true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
			_, pub := w.reserve(t, taler.ReserveCreated, b.uri(t, 1), 1, func(r *taler.Reserve) { r.Account = account })
			b.says(row.says)
			b.refuse = `{"code":5113}`
			if err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{}); fault.ReasonOf(err) != taler.ReasonSelectionConflict {
				t.Fatal(err)
			}
			var sent struct {
				Amount           string               `json:"amount"`
				ReservePub       taler.EddsaPublicKey `json:"reserve_pub"`
				SelectedExchange string               `json:"selected_exchange"`
			}
			check(t, json.Unmarshal([]byte(b.sent), &sent))
			if sent.Amount != row.want || sent.ReservePub != pub || sent.SelectedExchange != account {
				t.Errorf("it selects with %s", b.sent)
			}
		})
	}
}

// A bank that takes a selection and answers with an empty document is looked at, and the
// withdrawal goes on.
func TestABankThatAnswersNothingOfUse(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	id, _ := w.reserve(t, taler.ReserveCreated, b.uri(t, 1), 1, func(r *taler.Reserve) { r.Account = account })
	b.says(func(*taler.BankWithdrawalOperationStatus) { b.mute = true })
	ctx, leave := context.WithCancel(t.Context())
	p := &leaving{leave: leave}
	err := w.Withdraw(ctx, client.Withdrawal{URI: b.uri(t, 1)}, p)
	if now := w.party.View(t, id).Status; now != taler.ReserveSelected || err == nil || b.times("POST") != 1 {
		t.Errorf("the reserve is %s after %d requests: %v", now, b.times("POST"), err)
	}
}

// leaving is a person who leaves when they read that the withdrawal is theirs.
type leaving struct {
	person
	leave func()
}

func (l *leaving) Show(e client.Event) {
	if e.Event == "selected" {
		l.leave()
	}
}

// TestABankThatHasForgottenASelection, as one does that was set back to a backup, is told again,
// once: then the same reserve is waited for.
func TestABankThatHasForgottenASelection(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	forgetful := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b.ServeHTTP(rw, r)
		if r.Method == http.MethodPost {
			b.mu.Lock()
			b.held = leave
			b.mu.Unlock()
		}
	}))
	defer forgetful.Close()
	uri, err := taler.NewWithdrawURI(forgetful.URL, b.uri(t, 1).ID)
	check(t, err)
	id, pub := w.reserve(t, taler.ReserveSelected, uri, 1, func(r *taler.Reserve) { r.Account = account })
	b.says(func(*taler.BankWithdrawalOperationStatus) { b.mute = true })
	p := &person{}
	err = w.Withdraw(ctx, client.Withdrawal{URI: uri}, p)
	if now := w.party.View(t, id).Status; now != taler.ReserveSelected || fault.ReasonOf(err) != protocol.ReasonPending || b.times("POST") != 1 || !strings.Contains(b.sent, pub.String()) {
		t.Errorf("the reserve is %s after %d requests, the last %s: %v", now, b.times("POST"), b.sent, err)
	}
	if slices.ContainsFunc(p.events, func(e client.Event) bool { return e.Event == "selected" }) {
		t.Error("the person hears of the selection again")
	}
}

// Whoever has paid for a withdrawal that its bank forgets, and gives to another wallet, is not told to
// pay nothing.
func TestAPaidWithdrawalThatAnotherWalletHasTaken(t *testing.T) {
	c := openCounter(t, nil)
	c.withdraws(t, true)
	c.bank.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub, c.bank.refuse = taler.StatePending, taler.EddsaPublicKey{}, `{"code":5113}`
	})
	f := fault.From(c.Withdraw(t.Context(), client.Withdrawal{URI: c.uri}, &person{}))
	if f == nil || f.Reason != taler.ReasonSelectionConflict || !strings.Contains(f.Hint, "charged CHF:20.5") || strings.Contains(f.Hint, "pay nothing") {
		t.Errorf("it ended with %+v", f)
	}
}
