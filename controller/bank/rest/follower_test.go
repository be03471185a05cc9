package rest_test

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// What the follower's test is made of: so many writers, each with some rows under
// way, so that commits hold many rows and slow disks do not decide how long it takes.
const (
	followedWriters = 16
	followedAtOnce  = 8
	followedRows    = 20_000
)

// followed is a history under test: many write to it while one reads behind the
// last number that it has seen.
type followed interface {
	write(ctx context.Context, key taler.EddsaPublicKey) error
	page(ctx context.Context, after uint64) ([]taler.IncomingTransaction, error)
}

// numbered is the key of the n-th row that is written.
func numbered(n uint64) (k taler.EddsaPublicKey) {
	binary.BigEndian.PutUint64(k[:], n+1)
	return k
}

// follow writes rows and returns how often each was seen.
func follow(t *testing.T, h followed, rows uint64) map[taler.EddsaPublicKey]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	over := make(chan struct{})
	var next atomic.Uint64
	var writers sync.WaitGroup
	for range followedWriters * followedAtOnce {
		writers.Go(func() {
			for n := next.Add(1) - 1; n < rows; n = next.Add(1) - 1 {
				if err := h.write(ctx, numbered(n)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	go func() { writers.Wait(); close(over) }()
	seen := map[taler.EddsaPublicKey]int{}
	for after, last := uint64(0), false; ; {
		page, err := h.page(ctx, after)
		if err != nil {
			t.Fatalf("after row %d: %v", after, err)
		}
		for _, row := range page {
			seen[row.ReservePub]++
			after = row.RowID
		}
		if len(page) == 0 && last {
			return seen
		}
		select {
		case <-over:
			last = true // what comes now was written before
		default:
		}
	}
}

// missed is how many rows were not seen exactly once.
func missed(seen map[taler.EddsaPublicKey]int, rows uint64) (n int) {
	for i := range rows {
		if seen[numbered(i)] != 1 {
			n++
		}
	}
	return n
}

// served is the history of a bank, read over HTTP as strictly as wirewatch does.
type served struct {
	h *banktest.House
	x *taler.Client
}

// write makes a row as a verdict does, in one commit with what it is about; of most
// rows the row alone, which is what is numbered, so that the test can have many.
func (s served) write(ctx context.Context, k taler.EddsaPublicKey) error {
	const debit = "payto://simulator-transaction/1?receiver-name=C"
	sum := taler.Amount{Currency: banktest.Currency, Value: 1}
	if k[7]%16 == 0 {
		_, err := s.h.Bank.AddIncoming(ctx, s.h.Bank.Default(), taler.AddIncomingRequest{Amount: sum, ReservePub: k, DebitAccount: debit})
		return err
	}
	return s.h.Bank.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		return tx.Append(bank.Incoming, "", taler.IncomingTransaction{Type: taler.TypeReserve, Amount: sum, DebitAccount: debit, ReservePub: k})
	})
}

func (s served) page(ctx context.Context, after uint64) ([]taler.IncomingTransaction, error) {
	page, err := s.x.Incoming(ctx, taler.Page{Rows: 1024, Offset: after, Timeout: 20 * time.Millisecond})
	return page.IncomingTransactions, err
}

// naive numbers rows when they are begun and shows them when they are done. Its
// first row is slow: it is done when a later one has been read.
type naive struct {
	last  atomic.Uint64
	later chan struct{}
	once  sync.Once
	mu    sync.Mutex
	rows  []taler.IncomingTransaction
}

func (n *naive) write(_ context.Context, k taler.EddsaPublicKey) error {
	row := taler.IncomingTransaction{RowID: n.last.Add(1), ReservePub: k}
	if row.RowID == 1 {
		<-n.later
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rows = append(n.rows, row)
	return nil
}

func (n *naive) page(_ context.Context, after uint64) (out []taler.IncomingTransaction, _ error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, row := range n.rows {
		if row.RowID > after {
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b taler.IncomingTransaction) int { return int(a.RowID) - int(b.RowID) })
	if len(out) > 0 {
		n.once.Do(func() { close(n.later) })
	}
	return out, nil
}

// TestAReaderMissesNothing: while sixteen write, a reader that follows by number
// sees each row once. The same reader finds out a history that numbers its rows
// before they are visible.
//
// Rows: row order.
func TestAReaderMissesNothing(t *testing.T) {
	t.Run("ours", func(t *testing.T) {
		// Not by open: each row is read strictly, and holding pages of a thousand
		// against the document as well takes longer than all the rest.
		h := banktest.Open(t, banktest.Options{Bundles: bundles(), Decide: generous})
		seen := follow(t, served{h, h.Exchange()}, followedRows)
		if n := missed(seen, followedRows); n != 0 || len(seen) != followedRows {
			t.Errorf("%d of %d rows were not seen exactly once; %d were seen", n, followedRows, len(seen))
		}
	})
	t.Run("a naive one", func(t *testing.T) {
		if n := missed(follow(t, &naive{later: make(chan struct{})}, 200), 200); n == 0 {
			t.Error("nobody noticed that rows were numbered before they were visible")
		}
	})
}
