package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func openTest(t *testing.T, o Options) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "s.db"), o)
}

func openAt(t *testing.T, path string, o Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// put writes one row and one entry.
func put(id instrument.ID) func(instrument.Writer) error {
	return func(w instrument.Writer) error {
		if err := w.Insert(instrument.Row{ID: id, Class: "coupon", Version: 1}); err != nil {
			return err
		}
		_, err := w.Append(instrument.EntryRow{Topic: "t", Instance: id}, func(instrument.Seq) ([]byte, error) { return nil, nil })
		return err
	}
}

func has(t *testing.T, db *DB, id instrument.ID) bool {
	t.Helper()
	_, err := db.Row(context.Background(), id)
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// held keeps the writer inside a unit of work until release is called, so that
// what is submitted meanwhile is known to share the next commit.
type held struct {
	db       *DB
	release  func()
	waiting  sync.WaitGroup
	outcomes []chan error
}

func hold(t *testing.T, db *DB) *held {
	t.Helper()
	in, out := make(chan struct{}), make(chan struct{})
	h := &held{db: db, release: sync.OnceFunc(func() { close(out) })}
	h.waiting.Go(func() {
		if err := db.UpdateInstruments(context.Background(), func(instrument.Writer) error {
			close(in)
			<-out
			return nil
		}); err != nil {
			t.Errorf("the unit that held the writer: %v", err)
		}
	})
	<-in
	t.Cleanup(h.release)
	return h
}

// submit queues one more unit and returns when it is in the queue.
func (h *held) submit(ctx context.Context, do func(instrument.Writer) error) {
	before := len(h.db.queue)
	c := make(chan error, 1)
	h.outcomes = append(h.outcomes, c)
	go func() { c <- h.db.UpdateInstruments(ctx, do) }()
	for len(h.db.queue) == before {
		runtime.Gosched()
	}
}

// wait lets the writer go and collects what became of the units.
func (h *held) wait() (errs []error) {
	h.release()
	h.waiting.Wait()
	for _, c := range h.outcomes {
		errs = append(errs, <-c)
	}
	return errs
}

func TestUnitsThatQueuedShareACommit(t *testing.T) {
	for _, c := range []struct {
		name         string
		queued, most int
		want         []int // units per commit
	}{
		{"all in one", 30, 512, []int{1, 30}},
		{"no more than the limit", 30, 12, []int{1, 12, 12, 6}},
		{"one each", 3, 1, []int{1, 1, 1, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var commits []int
			db := openTest(t, Options{Batch: c.most, BeforeCommit: func(units int) error {
				commits = append(commits, units)
				return nil
			}})
			h := hold(t, db)
			for i := range c.queued {
				h.submit(t.Context(), put(instrument.ID(fmt.Sprint(i))))
			}
			if err := errors.Join(h.wait()...); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(commits, c.want) {
				t.Errorf("units per commit: %v, want %v", commits, c.want)
			}
			want := Stats{Commits: uint64(len(c.want)), Units: uint64(c.queued + 1)}
			if got := db.Stats(); got != want {
				t.Errorf("stats are %+v, want %+v", got, want)
			}
		})
	}
}

func TestABatchThatKeptNothingCostsNoCommit(t *testing.T) {
	db := openTest(t, Options{})
	refuse := errors.New("refused")
	if err := db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
		return errors.Join(put("a")(w), refuse)
	}); !errors.Is(err, refuse) {
		t.Fatal(err)
	}
	if got := (Stats{}); db.Stats() != got {
		t.Errorf("stats are %+v", db.Stats())
	}
	if err := db.UpdateInstruments(t.Context(), put("a")); err != nil {
		t.Error(err)
	}
}

func TestAFailedCommitStopsTheWriter(t *testing.T) {
	broken := errors.New("the disk is gone")
	failing := false
	var told []error
	path := filepath.Join(t.TempDir(), "s.db")
	db := openAt(t, path, Options{Batch: 3, BeforeCommit: func(int) error {
		if failing {
			return broken
		}
		return nil
	}, Stopped: func(err error) { told = append(told, err) }})
	if err := db.UpdateInstruments(t.Context(), put("before")); err != nil {
		t.Fatal(err)
	}
	h := hold(t, db)
	for _, id := range []instrument.ID{"a", "b", "before", "late", "later"} {
		h.submit(t.Context(), func(w instrument.Writer) error {
			failing = true
			return put(id)(w)
		})
	}
	for i, err := range h.wait() {
		kind, reason := fault.Unknown, fault.Reason("commit-failed") // also for the one that failed by itself
		if i >= 3 {                                                  // queued behind the batch
			kind, reason = fault.Unavailable, "store-stopped"
		}
		if fault.KindOf(err) != kind || fault.ReasonOf(err) != reason || !errors.Is(err, broken) {
			t.Errorf("unit %d: %v (%v)", i, err, fault.ReasonOf(err))
		}
	}
	if got := db.Stats(); got.Failed != 3 {
		t.Errorf("%d units are counted as failed, want those of the batch", got.Failed)
	}
	if len(told) != 1 || !errors.Is(told[0], broken) || fault.ReasonOf(told[0]) != "store-stopped" {
		t.Errorf("told was %v", told)
	}
	failing = false
	if err := db.UpdateInstruments(t.Context(), put("after")); fault.ReasonOf(err) != "store-stopped" {
		t.Errorf("a later unit: %v", err)
	}
	// Reads go on, and other processes are not locked out.
	other := openAt(t, path, Options{})
	if err := other.UpdateInstruments(t.Context(), put("other")); err != nil {
		t.Errorf("another process: %v", err)
	}
	for id, want := range map[instrument.ID]bool{"before": true, "other": true, "a": false, "b": false, "late": false, "after": false} {
		if has(t, db, id) != want {
			t.Errorf("%s is there: %v", id, !want)
		}
	}
}

func TestACallerWhoLeavesDoesNotSpoilTheBatch(t *testing.T) {
	t.Run("while it waits", func(t *testing.T) {
		db := openTest(t, Options{})
		h := hold(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		h.submit(t.Context(), put("a"))
		h.submit(ctx, put("b"))
		h.submit(t.Context(), put("c"))
		cancel()
		if err := <-h.outcomes[1]; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller who left: %v", err)
		}
		h.outcomes = slices.Delete(h.outcomes, 1, 2)
		if err := errors.Join(h.wait()...); err != nil {
			t.Error(err)
		}
		if !has(t, db, "a") || has(t, db, "b") || !has(t, db, "c") {
			t.Error("what is there is not a and c")
		}
	})
	t.Run("while its unit runs", func(t *testing.T) {
		db := openTest(t, Options{})
		h := hold(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		h.submit(t.Context(), put("a"))
		h.submit(ctx, func(w instrument.Writer) error {
			cancel()
			return put("b")(w)
		})
		h.submit(t.Context(), put("c"))
		if err := errors.Join(h.wait()...); err != nil {
			t.Error(err)
		}
		if !has(t, db, "a") || !has(t, db, "b") || !has(t, db, "c") {
			t.Error("not all of the batch is there")
		}
	})
}

func TestAFullQueueRefusesAtOnce(t *testing.T) {
	db := openTest(t, Options{Queue: 2})
	h := hold(t, db)
	h.submit(t.Context(), put("a"))
	h.submit(t.Context(), put("b"))
	err := db.UpdateInstruments(t.Context(), put("c"))
	if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "queue-full" || fault.From(err).Hint == "" {
		t.Errorf("one too many: %v", err)
	}
	if err := errors.Join(h.wait()...); err != nil {
		t.Error(err)
	}
	if err := db.UpdateInstruments(t.Context(), put("c")); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestCloseFinishesWhatIsQueued(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db := openAt(t, path, Options{})
	h := hold(t, db)
	for _, id := range []instrument.ID{"a", "b", "c"} {
		h.submit(t.Context(), put(id))
	}
	closed := make(chan error, 1)
	go func() { closed <- db.Close() }()
	for refused := false; !refused; { // until Close has begun
		err := db.enqueue(&unit{do: func(*work) error { return nil }, done: make(chan error, 1)})
		refused = fault.ReasonOf(err) == "store-closed"
	}
	if err := errors.Join(h.wait()...); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"write": db.UpdateInstruments(t.Context(), put("d")),
		"read":  func() error { _, err := db.Row(t.Context(), "a"); return err }(),
	} {
		if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "store-closed" {
			t.Errorf("%s after close: %v", what, err)
		}
	}
	again := openAt(t, path, Options{})
	if !has(t, again, "a") || !has(t, again, "b") || !has(t, again, "c") || has(t, again, "d") {
		t.Error("what is there is not a, b and c")
	}
}

// A test that fails inside a unit ends the writer's goroutine; nobody may hang, in its batch or
// behind it.
func TestAUnitThatEndsTheGoroutine(t *testing.T) {
	for batch, kept := range map[int]int{512: 0, 1: 1} {
		t.Run(fmt.Sprint(batch, " in a batch"), func(t *testing.T) {
			db := openTest(t, Options{Batch: batch})
			h := hold(t, db)
			h.submit(t.Context(), put("a"))
			h.submit(t.Context(), func(instrument.Writer) error { runtime.Goexit(); return nil })
			h.submit(t.Context(), put("b"))
			for i, err := range h.wait() {
				if i < kept && err != nil || i >= kept && fault.ReasonOf(err) != "store-stopped" {
					t.Errorf("unit %d: %v", i, err)
				}
			}
			if err := db.UpdateInstruments(t.Context(), put("c")); fault.ReasonOf(err) != "store-stopped" {
				t.Errorf("later: %v", err)
			}
			if has(t, db, "a") != (kept > 0) || has(t, db, "b") {
				t.Error("a part of the batch is there")
			}
		})
	}
}

func TestAWriterThatWasKeptIsRefused(t *testing.T) {
	db := openTest(t, Options{})
	var kept instrument.Writer
	if err := db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { kept = w; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := put("a")(kept); !errors.Is(err, errOver) {
		t.Errorf("insert: %v", err)
	}
	if err := kept.Validate("a", 0); !errors.Is(err, errOver) {
		t.Errorf("validate: %v", err)
	}
	if has(t, db, "a") {
		t.Error("it has written")
	}
}
