// Package load makes whole withdrawals at a bank, as many tills and wallets do at
// once: for benchmarks and for tests that want a busy bank.
package load

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// Login are a terminal's credentials.
type Login struct {
	Name  string `json:"name"`
	Token string `json:"token"`
}

// Load makes whole withdrawals at a bank, over its REST APIs and nothing else:
// POST setup, POST selection, POST check, GET until confirmed.
type Load struct {
	URL       string  // of the Terminal API; ends with a slash
	Terminals []Login // each makes one withdrawal after the other
	Amount    taler.Amount
	Exchange  taler.Payto
	// Transaction names the provider's payment for a withdrawal; it must be paid
	// when it is called, or become so.
	Transaction func(taler.WOPID) string
	Clock       func() time.Time
}

// Report is how it went.
type Report struct {
	Withdrawals int
	Took        time.Duration
	P50, P99    time.Duration // of a whole withdrawal
	RequestP99  time.Duration // of its requests, the one that waits for the verdict included
}

// PerSecond is the rate of whole withdrawals.
func (r Report) PerSecond() float64 { return float64(r.Withdrawals) / r.Took.Seconds() }

// Run makes n withdrawals, as many at a time as there are terminals. The first
// failure ends it.
func (l Load) Run(ctx context.Context, n int) (Report, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var mu sync.Mutex
	var took, requests []time.Duration
	var work sync.WaitGroup
	begun := l.Clock()
	for _, t := range l.Terminals {
		work.Go(func() {
			own, err := dial(ctx, l.URL)
			if err != nil {
				cancel(err)
				return
			}
			defer context.AfterFunc(ctx, func() { _ = own.conn.Close() })() // else it would wait for its answer
			defer func() { _ = own.conn.Close() }()
			w, err := l.worker(t, &http.Client{Transport: own})
			if err != nil {
				cancel(err)
				return
			}
			for ctx.Err() == nil && next.Add(1) <= int64(n) {
				one := l.Clock()
				w.took = w.took[:0]
				if err := w.withdraw(ctx); err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				took = append(took, l.Clock().Sub(one))
				requests = append(requests, w.took...)
				mu.Unlock()
			}
		})
	}
	work.Wait()
	r := Report{Withdrawals: len(took), Took: l.Clock().Sub(begun)}
	if err := context.Cause(ctx); err != nil {
		return r, err
	}
	r.P50, r.P99, r.RequestP99 = quantile(took, 50), quantile(took, 99), quantile(requests, 99)
	return r, nil
}

// quantile is the time within which percent of them were done; it sorts them.
func quantile(took []time.Duration, percent int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(len(took)-1, len(took)*percent/100)]
}

// worker is one terminal and the wallets in front of it.
type worker struct {
	l            Load
	till, wallet *taler.Client
	took         []time.Duration // by the requests of the present withdrawal
}

func (l Load) worker(t Login, via *http.Client) (*worker, error) {
	till, err := taler.NewClient(l.URL, via, taler.Basic(t.Name, t.Token))
	if err != nil {
		return nil, err
	}
	wallet, err := taler.NewClient(l.URL+"taler-integration/", via, taler.Anonymous())
	return &worker{l: l, till: till, wallet: wallet}, err
}

// timed makes one request and notes how long it took.
func (w *worker) timed(request func() error) error {
	begun := w.l.Clock()
	err := request()
	w.took = append(w.took, w.l.Clock().Sub(begun))
	return err
}

func (w *worker) withdraw(ctx context.Context) error {
	var uid [16]byte
	var reserve taler.EddsaPublicKey
	_, _ = rand.Read(uid[:]) // never fails
	_, _ = rand.Read(reserve[:])
	var made taler.TerminalWithdrawalSetupResponse
	err := w.timed(func() (err error) {
		made, err = w.till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: hex.EncodeToString(uid[:]), Amount: w.l.Amount})
		return err
	})
	if err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	id := made.WithdrawalID
	err = w.timed(func() error {
		_, err := w.wallet.Select(ctx, id, taler.BankWithdrawalOperationPostRequest{ReservePub: reserve, SelectedExchange: w.l.Exchange})
		return err
	})
	if err != nil {
		return fmt.Errorf("select: %w", err)
	}
	err = w.timed(func() error {
		return w.till.Check(ctx, id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: w.l.Transaction(id)})
	})
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	for {
		var s taler.BankWithdrawalOperationStatus
		err := w.timed(func() (err error) {
			s, err = w.wallet.Operation(ctx, id, taler.LongPoll{Timeout: 30 * time.Second, OldState: taler.StateSelected})
			return err
		})
		switch {
		case err != nil:
			return fmt.Errorf("status: %w", err)
		case s.Status == taler.StateConfirmed:
			return nil
		case s.Status != taler.StateSelected:
			return fmt.Errorf("the withdrawal became %s", s.Status)
		}
	}
}
