package instrument_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestLeaseIsExclusive: many operations take several instruments in any order;
// no two hold one at the same time, and nobody waits for ever.
func TestLeaseIsExclusive(t *testing.T) {
	const operations, rounds = 12, 5
	p := open(t)
	var ids []instrument.ID
	var holders [3]atomic.Int32
	for n := range holders {
		ids = append(ids, p.create(t, number("purse", n)))
	}
	var all sync.WaitGroup
	for n := range operations {
		all.Go(func() {
			for range rounds {
				op := instrument.OperationID(fmt.Sprint(n)) // the same one again, while others have their turn
				mine := slices.Clone(ids[:2+n%2])
				if n%4 > 1 { // in the other order
					slices.Reverse(mine)
				}
				got, err := p.Lease(t.Context(), op, mine)
				if err != nil || len(got) != len(mine) || got[0].ID != mine[0] {
					t.Errorf("leased %v, %v", got, err)
					return
				}
				for _, i := range got {
					if h := &holders[count(t, i)]; h.Add(1) != 1 {
						t.Error("two operations hold one instrument")
					} else {
						h.Add(-1)
					}
				}
				p.Release(op)
			}
		})
	}
	all.Wait()
}

func TestLease(t *testing.T) {
	for _, c := range []struct {
		name    string
		class   instrument.ClassID
		durable bool // held durably by another operation
		memory  bool // held in memory
		waits   bool // until the caller gives up
		kind    fault.Kind
	}{
		{"free", "purse", false, false, false, 0},
		{"held in memory: the time of the caller counts", "purse", false, true, true, fault.Locked},
		{"held durably: refused at once", "purse", true, false, false, fault.Locked},
		{"held durably and in memory: refused at once", "purse", true, true, false, fault.Locked},
		{"shareable and in use", "pool", false, true, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t)
			before, id := p.create(t, number("purse", 0)), p.create(t, number(c.class, 1))
			if c.memory {
				if _, err := p.Lease(t.Context(), "first", []instrument.ID{id}); err != nil {
					t.Fatal(err)
				}
			}
			if c.durable {
				if err := p.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease(id, 1, "first") }); err != nil {
					t.Fatal(err)
				}
			}
			if is, err := p.Leased(t.Context(), id); err != nil || is != (c.durable || c.memory && c.class == "purse") {
				t.Errorf("it is leased: %v, %v", is, err)
			}
			free := p.create(t, number("purse", 2))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.waits {
				go func() {
					waiting(p, id, 1)
					cancel()
				}()
			}
			_, err := p.Lease(ctx, "second", []instrument.ID{free, before, id})
			wants(t, err, c.kind, "")
			if c.kind == 0 {
				p.Release("second")
			}
			// Whatever came of it, nothing is left of those that were free, in whatever order they were taken.
			for _, id := range []instrument.ID{before, free} {
				if is, err := p.Leased(t.Context(), id); is || err != nil {
					t.Errorf("one that was free is leased: %v, %v", is, err)
				}
			}
		})
	}
	t.Run("unknown", func(t *testing.T) {
		_, err := open(t).Lease(t.Context(), "op", []instrument.ID{"00000000000000000000000000"})
		wants(t, err, fault.NotFound, "")
	})
	t.Run("named twice", func(t *testing.T) {
		p := open(t)
		id := p.create(t, number("purse", 1))
		if got, err := p.Lease(t.Context(), "op", []instrument.ID{id, id}); err != nil || len(got) != 2 {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := p.Lease(t.Context(), "op", []instrument.ID{id}); err != nil { // again, by the same
			t.Error(err)
		}
		p.Release("op")
		if _, err := p.Lease(t.Context(), "other", []instrument.ID{id}); err != nil {
			t.Error(err)
		}
	})
}

// waiting returns when so many wait for the instance.
func waiting(p *party, id instrument.ID, n int) {
	for p.Waiting(id) < n {
		runtime.Gosched()
	}
}

// TestLeaseInLine: who waited sees what the one before has done.
func TestLeaseInLine(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 1))
	if _, err := p.Lease(t.Context(), "first", []instrument.ID{id}); err != nil {
		t.Fatal(err)
	}
	got := make(chan int)
	go func() {
		list, err := p.Lease(t.Context(), "second", []instrument.ID{id})
		if err != nil {
			t.Error(err)
		}
		got <- count(t, list[0])
	}()
	waiting(p, id, 1)
	if err := p.Update(t.Context(), add(id, 41)); err != nil {
		t.Fatal(err)
	}
	p.Release("first")
	if n := <-got; n != 42 {
		t.Errorf("the second one saw %d", n)
	}
}

// TestWhoWaitedHasItAlone: one that gives up changes nothing for who holds it and for who
// waits; whose turn it is holds it like any other.
func TestWhoWaitedHasItAlone(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 1))
	takes := func(op instrument.OperationID) {
		t.Helper()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := p.Lease(t.Context(), op, []instrument.ID{id})
			wants(t, err, 0, "")
		}()
		wait(t, done, "who holds it takes it again")
	}
	givesUp := func(waiters int) {
		t.Helper()
		ctx, giveUp := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := p.Lease(ctx, "another", []instrument.ID{id})
			wants(t, err, fault.Locked, "leased")
		}()
		waiting(p, id, waiters)
		giveUp()
		wait(t, done, "it gives up")
	}
	takes("first")
	givesUp(1)
	takes("first")
	var over atomic.Bool
	got := make(chan struct{})
	go func() {
		defer close(got)
		_, err := p.Lease(t.Context(), "second", []instrument.ID{id})
		wants(t, err, 0, "")
		if !over.Load() {
			t.Error("two operations hold one instrument")
		}
	}()
	waiting(p, id, 1)
	givesUp(2)
	takes("first")
	over.Store(true)
	p.Release("first")
	wait(t, got, "it is the second one's turn")
	takes("second")
}

// TestWhatIsHeldForLongIsNotKept: whose turn comes when the one before holds it durably
// takes nothing: it is free when that one has ended.
func TestWhatIsHeldForLongIsNotKept(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 1))
	if _, err := p.Lease(t.Context(), "first", []instrument.ID{id}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := p.Lease(t.Context(), "second", []instrument.ID{id})
		wants(t, err, fault.Locked, "leased")
	}()
	waiting(p, id, 1)
	durably := func(f func(w instrument.Writer) error) {
		t.Helper()
		if err := p.store.UpdateInstruments(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	durably(func(w instrument.Writer) error { return w.Lease(id, 1, "first") })
	p.Release("first") // its process goes on with others
	wait(t, done, "the second has its turn")
	durably(func(w instrument.Writer) error { return w.Release("first") })
	if is, err := p.Leased(t.Context(), id); is || err != nil {
		t.Errorf("it is still leased: %v, %v", is, err)
	}
}

// TestSharedOnesAreNotHeld: what many operations use at a time, as an exchange, is not leased
// to one that writes it before its end; what it has made is.
func TestSharedOnesAreNotHeld(t *testing.T) {
	p := open(t)
	pool, purse := p.create(t, number("pool", 1)), p.create(t, number("purse", 1))
	d := p.NewDraft(t.Context(), "op")
	made, err := d.Create(number("pool", 2))
	if err := errors.Join(err, add(pool, 1)(d), add(purse, 1)(d)); err != nil {
		t.Fatal(err)
	}
	change, err := d.PrepareLeased()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.store.UpdateInstruments(t.Context(), change.Write); err != nil {
		t.Fatal(err)
	}
	var kept []instrument.ID
	for _, i := range d.Kept() {
		kept = append(kept, i.ID)
	}
	if !slices.Equal(kept, []instrument.ID{made, purse}) {
		t.Errorf("kept are %v", kept)
	}
	for id, want := range map[instrument.ID]bool{pool: false, made: true, purse: true} {
		if is, err := p.Leased(t.Context(), id); is != want || err != nil {
			t.Errorf("%s is leased: %v, %v", id, is, err)
		}
	}
}

// TestImpatience: callers that give up, at the very moment of their turn too,
// leave the line whole.
func TestImpatience(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 1))
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%10)*100*time.Microsecond)
			defer cancel()
			op := instrument.OperationID(fmt.Sprint(n))
			if _, err := p.Lease(ctx, op, []instrument.ID{id}); err == nil {
				p.Release(op)
			}
		})
	}
	all.Wait()
	if _, err := p.Lease(t.Context(), "last", []instrument.ID{id}); err != nil {
		t.Error(err)
	}
}

// TestTurnComesTooLate: whoever gives up when its turn has come already gives the
// turn on.
func TestTurnComesTooLate(t *testing.T) {
	p := open(t)
	for n := range 300 {
		id := instrument.ID(fmt.Sprint(n))
		leave, err := p.Queue(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if leave, err := p.Queue(ctx, id); err == nil {
				leave()
			}
		}()
		waiting(p, id, 1)
		cancel()
		leave()
		wait(t, done, "it has given up or had its turn")
		if again, err := p.Queue(t.Context(), id); err != nil {
			t.Fatal(err)
		} else {
			again()
		}
	}
}

// TestQueue: one at a time, in the order of arrival.
func TestQueue(t *testing.T) {
	p := open(t)
	leave, err := p.Queue(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if other, err := p.Queue(t.Context(), "y"); err != nil {
		t.Fatal(err)
	} else {
		other()
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		waiting(p, "x", 1)
		cancel()
	}()
	_, err = p.Queue(ctx, "x")
	wants(t, err, fault.Locked, "")
	leave()
	leave() // harmless
	again, err := p.Queue(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	again()
}
