package bank_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestAWOPIDThatLeadsElsewhere, because somebody has altered the database meanwhile, shows nobody the
// withdrawal of another customer.
func TestAWOPIDThatLeadsElsewhere(t *testing.T) {
	dir := t.TempDir()
	h := open(t, banktest.Options{Asking: hasty, Dir: dir})
	mine, other := selected(t, h, "mine", key(1)), selected(t, h, "other", key(2))
	at := func(id taler.WOPID) string {
		i, _, err := h.Bank.Withdrawal(withTimeout(t), id)
		check(t, err)
		return string(i.ID)
	}
	from, to := at(mine), at(other)
	h.Restart()
	look(t, h, other) // the bank remembers that one now
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "bank.db")+"?_pragma=busy_timeout(5000)")
	check(t, err)
	_, err = db.Exec(`DELETE FROM instance_keys WHERE name = 'wopid' AND id = ?`, to)
	check(t, err)
	_, err = db.Exec(`UPDATE instance_keys SET id = ? WHERE name = 'wopid' AND id = ?`, to, from)
	check(t, err)
	check(t, db.Close())
	s, err := h.Bank.Status(withTimeout(t), mine, taler.LongPoll{})
	if fault.ReasonOf(err) != "seal-broken" || s != nil {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestALimitOfADayIsShown as long as there is one.
func TestALimitOfADayIsShown(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	most := amount(t, "CHF:50")
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, most))
	a, err := h.Bank.Account(t.Context(), h.Terminal.Name)
	if err != nil || a.PerDay == nil || *a.PerDay != most || a.Credit != nil {
		t.Errorf("%+v, %v", a, err)
	}
	check(t, h.Bank.SetPerDay(t.Context(), h.Terminal.Name, taler.Amount{}))
	if a, err := h.Bank.Account(t.Context(), h.Terminal.Name); err != nil || a != (bank.Account{Name: h.Terminal.Name}) {
		t.Errorf("%+v, %v", a, err)
	}
}
