package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

var errRefused = errors.New("refused by the unit itself")

// doAll does one of each kind of write.
func doAll(w instrument.Writer, id instrument.ID) error {
	r := coupon(id)
	r.Keys = []instrument.BlindKey{key("serial", string(id))}
	if err := w.Insert(r); err != nil {
		return err
	}
	if err := w.Lease(id, 1, "op"); err != nil {
		return err
	}
	_, err := w.Append(entry("t"), plain)
	return err
}

func testFailingUnit(t *testing.T, s Store) {
	insert(t, s, coupon("before"))
	err := outcome(t, s, func(w instrument.Writer) error {
		if err := doAll(w, "a"); err != nil {
			return err
		}
		next := coupon("before")
		next.Version = 2
		if err := w.Update(next, 1, ""); err != nil {
			return err
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Fatalf("outcome: %v", err)
	}
	absent(t, s, "a")
	if got := row(t, s, "before").Version; got != 1 {
		t.Errorf("the update of a failed unit is there: version %d", got)
	}
	update(t, s, func(w instrument.Writer) error { return doAll(w, "a") })
	dense(t, s, "t", 1)
}

// absent fails if anything is there of a unit that did doAll.
func absent(t *testing.T, s Store, id instrument.ID) {
	t.Helper()
	if _, err := s.Row(t.Context(), id); !errors.Is(err, fault.NotFound) {
		t.Errorf("row %s of a failed unit: %v", id, err)
	}
	if _, err := s.FindRow(t.Context(), "coupon", key("serial", string(id))); !errors.Is(err, fault.NotFound) {
		t.Errorf("key of %s of a failed unit: %v", id, err)
	}
}

// testHalfWrite lets a unit pass over the refusal of a key, after its row has
// been written.
func testHalfWrite(t *testing.T, s Store) {
	a, b := coupon("a"), coupon("b")
	a.Keys = []instrument.BlindKey{key("serial", "1")}
	b.Keys = a.Keys
	insert(t, s, a)
	err := outcome(t, s, func(w instrument.Writer) error {
		if err := w.Insert(b); err == nil {
			t.Error("a taken key was given")
		}
		return nil
	})
	if !isKeyConflict(err, "serial", "b") {
		t.Errorf("outcome: %v", err)
	}
	if _, err := s.Row(t.Context(), "b"); !errors.Is(err, fault.NotFound) {
		t.Errorf("half of the write is there: %v", err)
	}
}

// together runs units so that they share a commit where the engine groups: the
// first is held until all others have been handed over.
func together(t *testing.T, s Store, units []func(instrument.Writer) error) []error {
	t.Helper()
	outcomes := make([]error, len(units))
	var handed, wg sync.WaitGroup
	handed.Add(len(units))
	held := make(chan struct{})
	wg.Go(func() {
		if err := s.UpdateInstruments(t.Context(), func(instrument.Writer) error {
			close(held)
			handed.Wait()
			return nil
		}); err != nil {
			t.Errorf("the first unit: %v", err)
		}
	})
	<-held
	for i, u := range units {
		wg.Go(func() {
			handed.Done()
			outcomes[i] = s.UpdateInstruments(t.Context(), u)
		})
	}
	wg.Wait()
	return outcomes
}

func testNeighbours(t *testing.T, s Store) {
	const n = 60
	taken := coupon("taken")
	taken.Keys = []instrument.BlindKey{key("serial", "taken")}
	insert(t, s, taken)
	id := func(i int) instrument.ID { return instrument.ID(fmt.Sprintf("%03d", i)) }
	units := make([]func(instrument.Writer) error, n)
	for i := range units {
		units[i] = func(w instrument.Writer) error {
			if err := doAll(w, id(i)); err != nil {
				return err
			}
			switch i % 4 {
			case 1:
				return errRefused
			case 2:
				panic("a defect")
			case 3:
				late := coupon(id(i) + "-late")
				late.Keys = taken.Keys
				return w.Insert(late)
			}
			return nil
		}
	}
	for i, err := range together(t, s, units) {
		ok := map[int]bool{
			0: err == nil,
			1: errors.Is(err, errRefused),
			2: errors.Is(err, fault.Internal),
			3: isKeyConflict(err, "serial", id(i)+"-late"),
		}[i%4]
		if !ok {
			t.Errorf("unit %d: %v", i, err)
		}
		if i%4 != 0 {
			absent(t, s, id(i))
			continue
		}
		if got := row(t, s, id(i)); got.Lease != "op" {
			t.Errorf("unit %d was kept without its lease", i)
		}
	}
	dense(t, s, "t", n/4)
}

func testPanic(t *testing.T, s Store) {
	err := outcome(t, s, func(w instrument.Writer) error {
		if err := doAll(w, "a"); err != nil {
			return err
		}
		panic("the-secret-of-this-unit")
	})
	if !errors.Is(err, fault.Internal) {
		t.Errorf("outcome: %v", err)
	}
	if f := fault.From(err); f.Message == "" || strings.Contains(f.Message+f.Hint, "the-secret") {
		t.Errorf("what crosses a border: %q %q", f.Message, f.Hint)
	}
	absent(t, s, "a")
	update(t, s, func(w instrument.Writer) error { return doAll(w, "b") })
	dense(t, s, "t", 1)
}

func testEndedContext(t *testing.T, s Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	err := s.UpdateInstruments(ctx, func(instrument.Writer) error { ran = true; return nil })
	if !errors.Is(err, context.Canceled) || ran {
		t.Errorf("update: %v, ran %v", err, ran)
	}
	if _, err := s.Row(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if _, err := s.Rows(ctx, instrument.Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v", err)
	}
}

// testReadYourWrite reads what was just committed, from many goroutines, as
// the engine may read on other connections than it writes.
func testReadYourWrite(t *testing.T, s Store) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				id := instrument.ID(fmt.Sprintf("%d-%d", g, i))
				if err := s.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Insert(coupon(id)) }); err != nil {
					t.Error(err)
				}
				if _, err := s.Row(t.Context(), id); err != nil {
					t.Errorf("read after commit: %v", err)
				}
			}
		})
	}
	wg.Wait()
}
