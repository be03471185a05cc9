package bank_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// operates runs an operator's command while the bank does not serve.
func operates(t *testing.T, h *banktest.House, command func(context.Context, *bank.Bank) error) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := h.DB.CopyTo(withTimeout(t), copied); err != nil {
		t.Fatal(err)
	}
	h.Restore(copied, command)
}

// raised are the rows of a history as their numbers and the first byte of their reserves.
func raised(t *testing.T, h *banktest.House) (out [][2]uint64) {
	t.Helper()
	for _, r := range rows(t, h) {
		out = append(out, [2]uint64{r.RowID, uint64(r.ReservePub[0])})
	}
	return out
}

// TestANumberThatWasTooLowIsRaised: what the exchange will not read, because it has read rows
// of these numbers before, it gets again, and nothing else.
func TestANumberThatWasTooLowIsRaised(t *testing.T) {
	r := newRestoring(t)
	r.Restore(r.copied, func(ctx context.Context, b *bank.Bank) error { return b.GoOn(ctx, 3) }) // the exchange has read 4 rows
	if w := decision(t, r.House, r.noticed); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s", w.State)
	}
	if got := raised(t, r.House); len(got) != 2 || got[1] != [2]uint64{3, 2} {
		t.Fatalf("the history is %v", got)
	}
	raise := func(next instrument.Seq, want int, reason fault.Reason) {
		t.Helper()
		operates(t, r.House, func(ctx context.Context, b *bank.Bank) error {
			if again, err := b.Raise(ctx, next); again != want || fault.ReasonOf(err) != reason {
				t.Errorf("raised to %d, %d rows are given again, %v", next, again, err)
			}
			return nil
		})
	}
	for _, n := range []instrument.Seq{0, 2, 3, 10_000_005} {
		raise(n, 0, "number-taken")
	}
	raise(4, 1, "") // still too low
	raise(4, 0, "number-taken")
	raise(5, 1, "")
	confirmed(t, r.House, "new", 9)
	want := [][2]uint64{{1, 1}, {3, 2}, {4, 2}, {5, 2}, {6, 9}}
	got := raised(t, r.House)
	if len(got) != len(want) {
		t.Fatalf("the history is %v", got)
	}
	for n := range want {
		if got[n] != want[n] {
			t.Errorf("the history is %v, want %v", got, want)
			break
		}
	}
	if w := look(t, r.House, r.selected); w.State != taler.StateSelected {
		t.Errorf("what was open is %s", w.State)
	}
}

// TestANumberThatLeftNoGapIsRaised: an operator has said that the exchange has read no more than
// the backup holds, and it has.
func TestANumberThatLeftNoGapIsRaised(t *testing.T) {
	r := newRestoring(t)
	r.Restore(r.copied, func(ctx context.Context, b *bank.Bank) error { return b.GoOn(ctx, 2) })
	if w := decision(t, r.House, r.noticed); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s", w.State)
	}
	operates(t, r.House, func(ctx context.Context, b *bank.Bank) error {
		if again, err := b.Raise(ctx, 5); again != 1 || err != nil {
			t.Errorf("%d rows are given again, %v", again, err)
		}
		return nil
	})
	if got := raised(t, r.House); len(got) != 3 || got[1] != [2]uint64{2, 2} || got[2] != [2]uint64{5, 2} {
		t.Errorf("the history is %v", got)
	}
}

// What cannot be read in the bank's own journal is not said to be what somebody has sent.
func TestANumberThatCannotBeReadIsTheBanksOwn(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	operates(t, h, func(ctx context.Context, b *bank.Bank) error {
		if err := b.Instruments().Update(ctx, func(tx *instrument.Draft) error { return tx.Append(bank.Numberings, "", "nine") }); err != nil {
			return err
		}
		_, err := b.Raise(ctx, 9)
		if f := fault.From(err); f == nil || f.Kind != fault.Internal || f.Message != "entry 1 of numberings cannot be read" {
			t.Errorf("%v", err)
		}
		return nil
	})
}

func TestOnlyARestoredBankIsRaised(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty})
	confirmed(t, h, "tx", 1)
	operates(t, h, func(ctx context.Context, b *bank.Bank) error {
		if _, err := b.Raise(ctx, 9); fault.ReasonOf(err) != "not-restored" {
			t.Error(err)
		}
		return nil
	})
	if got := raised(t, h); len(got) != 1 {
		t.Errorf("the history is %v", got)
	}
}

// beyond counts what the log says of exchanges that are further than their history.
type beyond struct {
	mu    sync.Mutex
	after []uint64
}

func (b *beyond) Write(text []byte) (int, error) {
	var line struct {
		Msg   string
		After uint64
	}
	err := json.Unmarshal(text, &line)
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.Contains(line.Msg, "--next-incoming") {
		b.after = append(b.after, line.After)
	}
	return len(text), err
}

// TestAnExchangeThatIsFurtherThanItsHistory is named in the log, once: the number that a
// restored bank was told may be too low.
func TestAnExchangeThatIsFurtherThanItsHistory(t *testing.T) {
	said := &beyond{}
	h := open(t, banktest.Options{Asking: hasty, Log: slog.New(slog.NewJSONHandler(said, &slog.HandlerOptions{Level: slog.LevelError}))})
	operates(t, h, func(ctx context.Context, b *bank.Bank) error { return b.GoOn(ctx, 5) })
	for _, after := range []uint64{3, 4, 5, 7} { // 4 is what precedes the next row
		if _, err := h.Exchange().Incoming(withTimeout(t), taler.Page{Rows: 10, Offset: after}); err != nil {
			t.Fatal(err)
		}
	}
	said.mu.Lock()
	defer said.mu.Unlock()
	if len(said.after) != 1 || said.after[0] != 5 {
		t.Errorf("the log says it after %v", said.after)
	}
}

// TestANumberOfAnEarlierVersionIsRaised: that version has left the gap in the history, and nothing else on record.
func TestANumberOfAnEarlierVersionIsRaised(t *testing.T) {
	r := newRestoring(t)
	r.Restore(r.copied, func(ctx context.Context, b *bank.Bank) error {
		for _, topic := range []instrument.Topic{bank.Outgoing, bank.Transfers, bank.Incoming} {
			if err := b.Instruments().Skip(ctx, topic, 3); err != nil {
				return err
			}
		}
		return nil
	})
	if w := decision(t, r.House, r.noticed); w.State != taler.StateConfirmed {
		t.Fatalf("it is %s", w.State)
	}
	for _, c := range []struct {
		next instrument.Seq
		want int
	}{{3, 0}, {7, 1}, {9, 1}} {
		operates(t, r.House, func(ctx context.Context, b *bank.Bank) error {
			again, err := b.Raise(ctx, c.next)
			if again != c.want || (err == nil) != (c.want > 0) {
				t.Errorf("raised to %d: %d rows, %v", c.next, again, err)
			}
			return nil
		})
	}
	if got := raised(t, r.House); len(got) != 4 || got[1] != [2]uint64{3, 2} || got[2] != [2]uint64{7, 2} || got[3] != [2]uint64{9, 2} {
		t.Errorf("the history is %v", got)
	}
}
