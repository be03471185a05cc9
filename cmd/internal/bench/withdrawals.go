package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/taler/load"
	"github.com/swaperoo/swaperoo/instrument"
)

// Withdrawals is how whole withdrawals went at a bank.
type Withdrawals struct {
	load.Report
	Bank, Plugins time.Duration // on processors, for one withdrawal
	Commits       uint64
	Units         uint64
}

// CommitsPerSecond tells whether a commit waits for the disk at all.
func (w Withdrawals) CommitsPerSecond() float64 { return float64(w.Commits) / w.Took.Seconds() }

// Batch is how many units of work shared a commit.
func (w Withdrawals) Batch() float64 { return float64(w.Units) / float64(max(w.Commits, 1)) }

// Bank is a bank in a process of its own, with a load of tills and wallets here.
type Bank struct {
	process *process
	at      opened
}

// OpenBank makes a bank in dir. The caller closes it.
func OpenBank(ctx context.Context, dir string, inProcess bool) (*Bank, error) {
	as := asBank
	if inProcess {
		as = asBankInProcess
	}
	b := &Bank{}
	var err error
	b.process, err = start(ctx, as, dir, &b.at)
	return b, err
}

// Close ends the bank.
func (b *Bank) Close() error { return b.process.end() }

// Withdraw makes n whole withdrawals with so many terminals at a time.
func (b *Bank) Withdraw(ctx context.Context, n, terminals int) (w Withdrawals, err error) {
	if terminals > len(b.at.Terminals) {
		return w, fmt.Errorf("the bank has %d terminals", len(b.at.Terminals))
	}
	amount, err := instrument.ParseAmount(withdrawn)
	if err != nil {
		return w, err
	}
	l := load.Load{
		URL: b.at.URL, Terminals: b.at.Terminals[:terminals], Amount: amount, Exchange: exchangeAccount, Clock: time.Now,
		Transaction: func(id taler.WOPID) string { return id.Text() },
	}
	if _, err := l.Run(ctx, terminals); err != nil { // connections and statements are made
		return w, err
	}
	var before, after standing
	if err := b.process.ask(&before); err != nil {
		return w, err
	}
	w.Report, err = l.Run(ctx, n)
	if err = errors.Join(err, b.process.ask(&after)); err != nil {
		return w, err
	}
	each := time.Duration(max(w.Report.Withdrawals, 1))
	w.Bank, w.Plugins = (after.Bank-before.Bank)/each, (after.Plugins-before.Plugins)/each
	w.Commits, w.Units = after.Commits-before.Commits, after.Units-before.Units
	return w, nil
}
