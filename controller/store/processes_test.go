package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

const perProcess = 300

// unhurried waits for the others longer than a slow disk lets them take: who waits
// may lose to a writer that is always a little faster.
var unhurried = store.Options{Busy: time.Minute}

// appendMany is the part of one process among several.
func appendMany(path string) error {
	db, err := store.Open(context.Background(), path, unhurried)
	if err != nil {
		return err
	}
	if err := fill(db, fmt.Sprint(os.Getpid())); err != nil {
		return err
	}
	return db.Close()
}

// fill puts perProcess units through db, some at a time.
func fill(db *store.DB, name string) error {
	errs := make(chan error, 4)
	for g := range cap(errs) {
		go func() {
			for i := range perProcess / cap(errs) {
				id := instrument.ID(fmt.Sprintf("%s-%d-%d", name, g, i))
				if err := db.UpdateInstruments(context.Background(), smallUnit(id)); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// TestProcesses lets three processes begin on a directory without a database
// and write at once. They make the tables once, and number one journal.
func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	var list []*process
	for range 3 {
		list = append(list, start(t, "append", path))
	}
	for _, p := range list {
		if out, err := p.wait(); err != nil {
			t.Errorf("a process failed: %v %v", err, out)
		}
	}
	checkDense(t, openFile(t, path, unhurried), 3*perProcess)
}

// TestTwoHandles is the same within one process, where locks of files are known
// to be lost when a descriptor is closed.
func TestTwoHandles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openFile(t, path, unhurried), openFile(t, path, unhurried)
	var wg sync.WaitGroup
	for name, db := range map[string]*store.DB{"a": a, "b": b} {
		wg.Go(func() {
			if err := fill(db, name); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		for range 5 { // a third comes and goes
			db, err := store.Open(context.Background(), path, unhurried)
			if err == nil {
				err = db.Close()
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	checkDense(t, a, 2*perProcess)
	checkDense(t, b, 2*perProcess)
}

// TestForeign: a change of another process is told apart from those of this one,
// and is there as soon as it was committed.
func TestForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	mine, theirs := openFile(t, path, store.Options{}), openFile(t, path, store.Options{})
	look := func(db *store.DB) uint64 {
		t.Helper()
		n, err := db.Foreign(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	was := look(mine)
	for n := range 5 {
		if err := mine.UpdateInstruments(t.Context(), smallUnit(instrument.ID(fmt.Sprint("mine-", n)))); err != nil {
			t.Fatal(err)
		}
		if now := look(mine); now != was {
			t.Fatalf("%d became %d by a change of this process", was, now)
		}
		if err := theirs.UpdateInstruments(t.Context(), smallUnit(instrument.ID(fmt.Sprint("theirs-", n)))); err != nil {
			t.Fatal(err)
		}
		if seen, all := mine.Seen(); all && seen == was {
			t.Fatal("a change of another process was not noticed, and all was said to be")
		}
		now := look(mine)
		if seen, all := mine.Seen(); all && seen != now {
			t.Fatalf("all that is seen is %d, and it is %d", seen, now)
		}
		if now == was {
			t.Fatalf("%d stayed when another process had written", was)
		}
		was = now
	}
	before := mine.Stats()
	look(mine)
	if now := mine.Stats(); now != before {
		t.Errorf("to look has cost a commit: %+v became %+v", before, now)
	}
}

// versions is how often another process writes one row.
const versions = 60

// count is the part of a process that writes one row again and again, and tells each version that
// is acknowledged.
func count(path string) error {
	db, err := store.Open(context.Background(), path, unhurried)
	if err != nil {
		return err
	}
	for n := int64(2); n <= versions; n++ {
		if err := db.UpdateInstruments(context.Background(), version(n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
	return db.Close()
}

func version(n int64) func(instrument.Writer) error {
	r := instrument.Row{ID: "row", Class: "coupon", Owner: "me", Status: "new", Version: n, Sealed: []byte("state")}
	return func(w instrument.Writer) error {
		if n == 1 {
			return w.Insert(r)
		}
		return w.Update(r, n-1, "")
	}
}

// TestAnotherProcessIsSeenAtOnce reads a row that another process writes, while this one writes as well
// and so remembers what it has read.
func TestAnotherProcessIsSeenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db := openFile(t, path, unhurried)
	if err := db.UpdateInstruments(t.Context(), version(1)); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			_ = db.UpdateInstruments(context.Background(), smallUnit(instrument.ID(fmt.Sprint("mine-", n))))
			_, _ = db.Row(context.Background(), "row")
		}
	}()
	defer func() { close(stop); <-stopped }()
	p := start(t, "count", path)
	told := int64(1)
	for p.lines.Scan() {
		if _, err := fmt.Sscan(p.lines.Text(), &told); err != nil {
			t.Fatal(err)
		}
		row, err := db.Row(t.Context(), "row")
		if err != nil {
			t.Fatal(err)
		}
		if row.Version < told {
			t.Fatalf("another process has committed version %d, and %d is read", told, row.Version)
		}
	}
	if _, err := p.wait(); err != nil || told != versions {
		t.Fatalf("the other process ended at version %d: %v", told, err)
	}
}
