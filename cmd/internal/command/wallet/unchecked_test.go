package wallet_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCoinsOutOfABackupAreUnchecked in the balance, until somebody takes them as they
// are.
func TestCoinsOutOfABackupAreUnchecked(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	buy := u.begins("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--yes")
	x.transfer(t, buy.next().Reserve, "CHF:5")
	buy.exit()
	file := filepath.Join(t.TempDir(), "backup.age")
	u.does(nil, "backup", file)
	again := newUser(t)
	again.does(nil, "restore", file)
	if got := again.says("balance", "--json").out; !strings.Contains(got, `"available":"CHF:0"`) || !strings.Contains(got, `"unchecked":"CHF:5"`) {
		t.Errorf("the balance is %s", got)
	}
	for _, command := range []string{"balance", "status"} {
		if got := again.says(command).out; !strings.Contains(got, "CHF:0 and CHF:5 unchecked") {
			t.Errorf("%s: a person reads %s", command, got)
		}
	}
	again.does(nil, "instrument", "accept", "--all")
	if got := again.says("balance", "--json").out; !strings.Contains(got, `"available":"CHF:5"`) || strings.Contains(got, "unchecked") {
		t.Errorf("accepted, the balance is %s", got)
	}
}
