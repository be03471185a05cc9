package audit_test

import (
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// A daily audit asks about what is open and what has moved: the withdrawal itself, or
// money that went back for it. What it does not ask about it says nothing of.
func TestOnlyWhatMovedIsAskedAbout(t *testing.T) {
	t.Parallel()
	b := world(t)
	old := b.decided("tx-4", "CHF:21", "")
	b.Provider.Put(banktest.Payment{ID: "tx-4", State: "paid", Amount: sum("CHF:21"), Refunded: sum("CHF:1"), Reference: old.Text()})
	const day = int64(24 * time.Hour)
	b.sql(`UPDATE journal SET time = time - ?`, 10*day)
	since := func(d time.Duration) audit.Report {
		t.Helper()
		o := quick
		o.Since = time.Now().Add(-d)
		r, err := audit.Run(b.ctx(), b.Bank, o)
		check(t, err)
		return r
	}
	if r := b.audit(); r.OK || r.Asked != r.Withdrawals {
		t.Errorf("an audit of all: %+v", r)
	}
	if r := since(11 * 24 * time.Hour); r.OK || r.Asked != r.Withdrawals {
		t.Errorf("since before all of it: %+v", r)
	}
	if r := since(24 * time.Hour); !r.OK || r.Asked != 1 || r.Withdrawals != 5 || r.HistoryRows != 3 {
		t.Errorf("of the last day only what is open is asked about: %+v", r)
	}
	b.wires("tx-4", "CHF:0.5", taler.TransferPending)
	if r := since(24 * time.Hour); r.OK || r.Asked != 2 || len(r.Differences) != 1 || r.Differences[0].Kind != audit.RefundUnexplained {
		t.Errorf("and of what the exchange wires back now: %+v", r)
	}
	b.sql(`UPDATE journal SET time = time + ? WHERE seq = (SELECT max(seq) FROM journal WHERE topic = 'operations' AND class = 'taler-return') AND topic = 'operations'`, 10*day)
	if r := since(24 * time.Hour); r.Asked != 3 {
		t.Errorf("and of what went back: %+v", r)
	}
}

// TestAProviderThatDoesNotAnswer is called that: an operator does not know what an operation is that has not ended.
func TestAProviderThatDoesNotAnswer(t *testing.T) {
	b := open(t)
	b.decided("tx", "CHF:21", "")
	b.silent.Store(true)
	got, err := audit.Run(b.ctx(), b.Bank, audit.Options{Within: 20 * time.Millisecond, Tries: 1})
	if err != nil || len(got.Differences) != 1 || got.Differences[0].Kind != audit.ProviderUnreachable || !strings.Contains(got.Differences[0].Text, "it has not answered within 20ms") {
		t.Errorf("%+v, %v", got, err)
	}
}
