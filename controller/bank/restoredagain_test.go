package bank_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// A restored bank is told its number again, after an interruption at whatever point, and as often as one
// likes: numbers only go up, each history has its own, and a withdrawal is marked once.
func TestARestoredBankIsToldItsNumberAgain(t *testing.T) {
	var later atomic.Int64
	h := open(t, banktest.Options{Clock: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	other := bank.Exchange{Name: "other", URL: "https://other.example/", Account: "payto://iban/DE75512108001245126199?receiver-name=Other"}
	h.AddExchange(other)
	id := selected(t, h, "one", key(1))
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := h.DB.CopyTo(withTimeout(t), copied); err != nil {
		t.Fatal(err)
	}
	h.Restore(copied, func(ctx context.Context, b *bank.Bank) error {
		im := b.Instruments()
		next := func(topic instrument.Topic) instrument.Seq {
			n, err := im.Next(ctx, topic)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		// The process ended when it had come to the last history, one of which is further already.
		for topic, n := range map[instrument.Topic]instrument.Seq{other.Topic(bank.Outgoing): 5, other.Topic(bank.Transfers): 5, other.Topic(bank.Incoming): 5, bank.Outgoing: 9} {
			if err := im.Skip(ctx, topic, n); err != nil {
				t.Fatal(err)
			}
		}
		var marked int64
		for range 2 {
			if err := b.GoOn(ctx, 5); err != nil {
				t.Fatal(err)
			}
			for topic, want := range map[instrument.Topic]instrument.Seq{
				bank.Incoming: 5, bank.Transfers: 5, bank.Outgoing: 9, other.Topic(bank.Incoming): 5, other.Topic(bank.Outgoing): 5, other.Topic(bank.Transfers): 5,
			} {
				if n := next(topic); n != want {
					t.Errorf("the next of %s is %d, not %d", topic, n, want)
				}
			}
			_, w, err := b.Withdrawal(ctx, id)
			if err != nil || w.State != taler.StateSelected || w.Restored == 0 || marked != 0 && w.Restored != marked {
				t.Errorf("it is %s, restored at %d, and %d before: %v", w.State, w.Restored, marked, err)
			}
			marked = w.Restored
			later.Add(int64(time.Minute))
		}
		if err := b.GoOn(ctx, 4); fault.ReasonOf(err) != "number-taken" {
			t.Errorf("a number that was given: %v", err)
		}
		return nil
	})
}
