package taler_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// TestWhatAUseReserves: a free amount reserves what the wallet may choose at most,
// and a refusal says what there is.
func TestWhatAUseReserves(t *testing.T) {
	chf := func(value uint64) taler.Amount { return taler.Amount{Currency: "CHF", Value: value} }
	rule := taler.QuotaRule{Amount: chf(500), Within: 60}
	for name, c := range map[string]struct {
		wants, bound taler.Amount
		lock         string
		most         taler.Amount
		says         string
	}{
		"free":                    {taler.Amount{}, taler.Amount{}, "", chf(450), ""},
		"free, below a bound":     {taler.Amount{}, chf(200), "", chf(200), ""},
		"free, above what is":     {taler.Amount{}, chf(900), "", chf(450), ""},
		"free, of a lock":         {taler.Amount{}, chf(200), "l", chf(50), ""},
		"free, of a lock, bound":  {taler.Amount{}, chf(20), "l", chf(20), ""},
		"fixed":                   {chf(30), chf(20), "", chf(30), ""},
		"more than the lock":      {chf(60), taler.Amount{}, "l", taler.Amount{}, "CHF:60 is more than the lock reserves: CHF:50"},
		"more than is left":       {chf(451), taler.Amount{}, "", taler.Amount{}, "CHF:451 is more than this user may withdraw now: CHF:450"},
		"free, and all is locked": {taler.Amount{}, taler.Amount{}, "", taler.Amount{}, "nothing is left"},
	} {
		q := taler.Quota{User: "anna", Locks: []taler.QuotaLock{{Lock: "l", Amount: chf(50), Expires: 99}}}
		if c.says == "nothing is left" {
			q.Locks[0].Amount = chf(500)
		}
		most, err := q.Use(rule, taler.Withdrawal{Amount: c.wants}, c.lock, c.bound)
		if c.says != "" && (fault.ReasonOf(err) != taler.ReasonQuotaExceeded || !strings.Contains(err.Error(), c.says)) || c.says == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if most != c.most || err == nil && q.Uses[0].Amount != c.most {
			t.Errorf("%s: the most is %s, and counted is %+v", name, most, q.Uses)
		}
	}
}

// TestAUserHasSoManyLocks: whoever reserves under ever new names makes no quota that grows
// without end; what he has stays, and a lock that he gives back makes room for one.
func TestAUserHasSoManyLocks(t *testing.T) {
	one := taler.Amount{Currency: "CHF", Value: 1}
	rule, q := taler.QuotaRule{Amount: taler.Amount{Currency: "CHF", Value: 1000}, Within: 60}, taler.Quota{User: "anna"}
	lock := func(n int) error {
		return q.Reserve(rule, taler.WithdrawLimitLock{Amount: one, Lock: fmt.Sprint("lock-", n), Expires: 30}, 1)
	}
	const most = 64
	for n := range most {
		if err := lock(n); err != nil {
			t.Fatalf("lock %d: %v", n+1, err)
		}
	}
	if err := lock(most); fault.ReasonOf(err) != taler.ReasonQuotaExceeded || len(q.Locks) != most {
		t.Errorf("%d locks, and the next: %v", len(q.Locks), err)
	}
	if err := lock(0); err != nil {
		t.Errorf("one that is there: %v", err)
	}
	if err := q.Unlock("lock-0"); err != nil {
		t.Fatal(err)
	}
	if err := lock(most); err != nil {
		t.Errorf("where one was given back: %v", err)
	}
}

// TestConsumedLocksAreKeptUpToANumber: a quota does not grow by each visit, and the latest
// lock stays consumed.
func TestConsumedLocksAreKeptUpToANumber(t *testing.T) {
	one := taler.Amount{Currency: "CHF", Value: 1}
	rule, q := taler.QuotaRule{Amount: taler.Amount{Currency: "CHF", Value: 1000}, Within: 60}, taler.Quota{User: "anna"}
	visit := func(n int) error {
		lock := fmt.Sprint("visit-", n)
		err := q.Reserve(rule, taler.WithdrawLimitLock{Amount: one, Lock: lock, Expires: 30}, 1)
		if err == nil {
			_, err = q.Use(rule, taler.Withdrawal{Amount: one, Created: 1}, lock, taler.Amount{})
			q.Uses = nil // it was aborted
		}
		return err
	}
	for n := range 65 {
		if err := visit(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := visit(64); len(q.Spent) != 64 || fault.ReasonOf(err) != taler.ReasonLockDiffers {
		t.Errorf("%d are kept; the latest once more: %v", len(q.Spent), err)
	}
}

// TestAHintNamesMembersOnly and no types of ours.
func TestAHintNamesMembersOnly(t *testing.T) {
	for body, into := range map[string]any{
		`{"request_uid":7}`: new(taler.TerminalWithdrawalSetup),
		`{"metadata":7}`:    new(taler.TransferRequest),
	} {
		err := taler.Unmarshal([]byte(body), into)
		if err == nil || strings.Contains(fault.From(err).Message, "plain") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
