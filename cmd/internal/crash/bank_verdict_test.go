//go:build unix

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/audit"
	"github.com/swaperoo/swaperoo/instrument"
)

// repeated makes a request until it is answered; false if the answer is a refusal.
func repeated(ctx context.Context, request func() error) bool {
	for {
		err := request()
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil, errors.Is(err, fault.NotFound), errors.Is(err, fault.Conflict), errors.Is(err, fault.Invalid), errors.Is(err, fault.Denied):
			return false
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return false
		}
	}
}

// exchange follows the history by row number, as wirewatch does, until ctx ends.
func (w *bankWorld) exchange(ctx context.Context, t *testing.T, via *http.Client) {
	x, err := taler.NewClient(w.url+"taler-wire-gateway/", via, taler.Basic(w.gateway.User, w.gateway.Password))
	if err != nil {
		t.Error(err)
		return
	}
	last := uint64(0)
	for ctx.Err() == nil {
		var got taler.IncomingHistory
		if !repeated(ctx, func() (err error) {
			got, err = x.Incoming(ctx, taler.Page{Rows: 1024, Offset: last, Timeout: time.Second})
			return err
		}) {
			return
		}
		for _, row := range got.IncomingTransactions {
			if row.RowID != last+1 {
				w.strange("the exchange reads row %d after row %d", row.RowID, last)
			}
			last = row.RowID
			w.mu.Lock()
			w.rows = append(w.rows, row)
			w.mu.Unlock()
		}
	}
}

// verdict compares what was answered with what is on disk, and the books with each
// other. Nobody is killed any more.
func (w *bankWorld) verdict(t *testing.T) []string {
	t.Helper()
	problems := w.odd
	says := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	w.looks(t, func(b *bank.Bank) {
		for _, s := range w.seen {
			if why := lost(t, b, s); why != "" {
				says("%s is lost: %s", s.request, why)
			}
		}
		w.doubles(t, b, says)
		for _, s := range w.seen {
			if len(problems) == 0 && s.noticed && !confirms(t, b, s.id) {
				says("%s is lost: it was paid", s.request)
			}
		}
		if len(problems) > 0 {
			return
		}
		r, err := audit.Run(t.Context(), b, audit.Options{PerSecond: 1000})
		check(t, err)
		if !r.OK || r.HistoryRows != len(w.seen) || r.Confirmed != len(w.seen) {
			says("of %d withdrawals the audit says %+v", len(w.seen), r)
		}
	})
	return problems
}

// lost says what of a withdrawal was answered and is not on record.
func lost(t *testing.T, b *bank.Bank, s *answers) string {
	_, now, err := b.Withdrawal(t.Context(), s.id)
	switch {
	case errors.Is(err, fault.NotFound):
		return "the withdrawal"
	case err != nil:
		return err.Error()
	case s.selected && now.ReservePub != s.reserve:
		return "the selection"
	case s.noticed && now.ProviderTransactionID == "":
		return "the notice"
	case s.confirmed && now.State != taler.StateConfirmed:
		return "the confirmation"
	}
	return ""
}

// confirms waits until the bank that serves has confirmed a withdrawal.
func confirms(t *testing.T, b *bank.Bank, id taler.WOPID) bool {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := b.Status(ctx, id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected})
	return err == nil && got.Status == taler.StateConfirmed
}

// doubles looks for what is there twice, and whether the history is what the
// exchange has read.
func (w *bankWorld) doubles(t *testing.T, b *bank.Bank, says func(string, ...any)) {
	t.Helper()
	all, err := b.Instruments().List(t.Context(), instrument.Filter{Class: bank.ClassWithdrawal})
	check(t, err)
	requests := map[string]int{}
	for _, i := range all {
		var x taler.Withdrawal
		check(t, i.Decode(&x))
		if requests[x.RequestUID]++; requests[x.RequestUID] == 2 {
			says("the request %s has made two withdrawals", x.RequestUID)
		}
	}
	entries, err := b.Instruments().Journal(t.Context(), bank.Incoming, instrument.Page{Limit: len(all) + 1})
	check(t, err)
	page, err := b.IncomingHistory(t.Context(), b.Default(), instrument.Page{Limit: len(all) + 1}, 0)
	check(t, err)
	var history taler.IncomingHistory
	if page != nil {
		history, err = taler.ReadIncoming(page, 0)
		check(t, err)
	}
	reserves := map[taler.EddsaPublicKey]bool{}
	for n, row := range history.IncomingTransactions {
		if entries[n].Seq != instrument.Seq(n+1) || reserves[row.ReservePub] {
			says("row %d of the history is number %d, of a reserve that was there: %v", n+1, entries[n].Seq, reserves[row.ReservePub])
		}
		reserves[row.ReservePub] = true
		if n < len(w.rows) && w.rows[n].ReservePub != row.ReservePub {
			says("row %d is not what the exchange has read", n+1)
		}
	}
	if len(w.rows) > len(history.IncomingTransactions) {
		says("the exchange has read %d rows, and %d is lost", len(w.rows), len(history.IncomingTransactions)+1)
	}
}
