// Package load makes whole withdrawals at a bank, as many tills and wallets do at
// once: for benchmarks and for tests that want a busy bank.
package load

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
			w := l.worker(t, own)
			for ctx.Err() == nil && next.Add(1) <= int64(n) {
				one := l.Clock()
				w.took = w.took[:0]
				if err := w.withdraw(); err != nil {
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

// worker is one terminal and the wallets in front of it, on one connection.
type worker struct {
	l     Load
	line  *line
	login string          // of the terminal, as a header says it
	took  []time.Duration // by the requests of the present withdrawal
}

func (l Load) worker(t Login, own *line) *worker {
	return &worker{l: l, line: own, login: "Basic " + base64.StdEncoding.EncodeToString([]byte(t.Name+":"+t.Token))}
}

// ask makes one request of the table and notes how long it took. What is sent and what is wanted
// of the answer may be nil.
func (w *worker) ask(name taler.RouteName, id taler.WOPID, query string, in, out any) error {
	route, _ := taler.RouteOf(name)
	path, login := strings.Replace(route.Template, "{wopid}", id.Text(), 1)+query, w.login
	if route.API == taler.Integration {
		path, login = "/taler-integration"+path, ""
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	begun := w.l.Clock()
	answer, err := w.line.ask(route.Method, path, login, body)
	w.took = append(w.took, w.l.Clock().Sub(begun))
	if err == nil && out != nil {
		err = json.Unmarshal(answer, out)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *worker) withdraw() error {
	var uid [16]byte
	var reserve taler.EddsaPublicKey
	_, _ = rand.Read(uid[:]) // never fails
	_, _ = rand.Read(reserve[:])
	var made taler.TerminalWithdrawalSetupResponse
	if err := w.ask(taler.RouteSetUp, taler.WOPID{}, "", taler.TerminalWithdrawalSetup{RequestUID: hex.EncodeToString(uid[:]), Amount: w.l.Amount}, &made); err != nil {
		return err
	}
	id := made.WithdrawalID
	if err := w.ask(taler.RouteSelect, id, "", taler.BankWithdrawalOperationPostRequest{ReservePub: reserve, SelectedExchange: w.l.Exchange}, nil); err != nil {
		return err
	}
	if err := w.ask(taler.RouteCheck, id, "", taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: w.l.Transaction(id)}, nil); err != nil {
		return err
	}
	for {
		var s struct { // of a whole status the load needs no more
			Status taler.State `json:"status"`
		}
		switch err := w.ask(taler.RouteOperation, id, "?old_state=selected&long_poll_ms=30000", nil, &s); {
		case err != nil:
			return err
		case s.Status == taler.StateConfirmed:
			return nil
		case s.Status != taler.StateSelected:
			return fmt.Errorf("the withdrawal became %s", s.Status)
		}
	}
}
