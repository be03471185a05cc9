package taler

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

const someUUID = "c0ffee00-6d6b-4e6b-8f3a-0123456789ab"

// A wallet meets banks of two kinds, and each id in more than one spelling.
func TestAWithdrawalOfAnyBankHasOneID(t *testing.T) {
	for name, row := range map[string]struct{ text, want string }{
		"C2EC":                   {someID, someID},
		"C2EC in lower case":     {strings.ToLower(someID), someID},
		"libeufin":               {someUUID, someUUID},
		"libeufin in upper case": {strings.ToUpper(someUUID), someUUID},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := ParseWithdrawalID(row.text)
			if err != nil || id.Text() != row.want || id.IsZero() {
				t.Fatalf("%q, %v", id.Text(), err)
			}
			for _, shown := range []string{id.String(), fmt.Sprintf("%#v %x %v", id, id, id), id.LogValue().String()} {
				if strings.Contains(strings.ToUpper(shown), strings.ToUpper(row.want[10:])) {
					t.Errorf("%s tells the id", shown)
				}
			}
			if !id.Begins(strings.ToLower(row.want[:9])) || id.Begins("zz") {
				t.Error("it is not found by its beginning")
			}
			kept, err := json.Marshal(id)
			var again WithdrawalID
			if err != nil || string(kept) != `"`+row.want+`"` || json.Unmarshal(kept, &again) != nil || again != id {
				t.Errorf("kept as %s, read as %q, %v", kept, again.Text(), err)
			}
			uri, err := ParseWithdrawURI("taler://withdraw/bank.example/taler-integration/" + row.text)
			if err != nil || uri.ID != id || uri.Text() != "taler://withdraw/bank.example/taler-integration/"+row.want {
				t.Errorf("%s, %v", uri.Text(), err)
			}
		})
	}
	for _, text := range []string{"", someID[1:], someUUID[1:], strings.ReplaceAll(someUUID, "-", ""), "{" + someUUID + "}", "urn:uuid:" + someUUID, someUUID + "\n"} {
		if id, err := ParseWithdrawalID(text); !errors.Is(err, fault.Invalid) || !id.IsZero() {
			t.Errorf("%q is %q, %v", text, id.Text(), err)
		}
	}
	if (WOPID{}).ID().IsZero() || (WithdrawalID{}).String() != "…" {
		t.Error("nothing is something")
	}
}

func FuzzParseWithdrawalID(f *testing.F) {
	f.Add(someID)
	f.Add(someUUID)
	f.Add("c0ffee00")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseWithdrawalID(text)
		if err != nil {
			return
		}
		if again, err := ParseWithdrawalID(id.Text()); err != nil || again != id || !plainSegment(id.Text()) {
			t.Errorf("%q is read again as %q, %v", text, again.Text(), err)
		}
	})
}
