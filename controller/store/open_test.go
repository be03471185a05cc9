package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		make   func(t *testing.T, path string)
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a newer database", newer, fault.Unsupported, "database-newer"},
		{"a file that is no database", noDatabase, fault.Internal, "database-unreadable"},
		{"a directory", func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o700)) }, fault.Internal, "database-unreadable"},
		{"a missing directory", func(t *testing.T, path string) { must(t, os.Remove(filepath.Dir(path))) }, fault.Internal, ""},
		{"a database in use for long", inUse, fault.Unavailable, "database-busy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "d", "s.db")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			c.make(t, path)
			before, _ := os.ReadFile(path)
			db, err := Open(t.Context(), path, Options{Busy: 1})
			if err == nil {
				must(t, db.Close())
			}
			if fault.KindOf(err) != c.kind || fault.ReasonOf(err) != c.reason {
				t.Errorf("open: %v (%v, %v)", err, fault.KindOf(err), fault.ReasonOf(err))
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newer(t *testing.T, path string) {
	db := openAt(t, path, Options{})
	must(t, db.submit(t.Context(), func(w *work) error {
		_, err := w.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999999, 1)`)
		return err
	}))
	must(t, db.Close())
}

func noDatabase(t *testing.T, path string) {
	must(t, os.WriteFile(path, bytes.Repeat([]byte("no database. "), 1000), 0o600))
}

// inUse keeps the writer of another handle inside a transaction.
func inUse(t *testing.T, path string) { hold(t, openAt(t, path, Options{})) }

// TestOpenAtOnce makes the tables of one new file from many sides.
func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := Open(context.Background(), path, Options{Busy: time.Minute})
			if err == nil {
				err = db.Close()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestMemoryIsNewEachTime(t *testing.T) {
	a, err := OpenMemory(t.Context(), Options{})
	must(t, err)
	b, err := OpenMemory(t.Context(), Options{})
	must(t, err)
	must(t, a.UpdateInstruments(t.Context(), put("a")))
	if has(t, b, "a") {
		t.Error("two databases in memory are one")
	}
	must(t, errors.Join(a.Close(), b.Close(), b.Close()))
}

// Without turns the engine would answer "busy"; here nobody waits for that.
func TestMemoryIsNeverBusy(t *testing.T) {
	db, err := OpenMemory(t.Context(), Options{Busy: 1})
	must(t, err)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				id := instrument.ID(fmt.Sprintf("%d-%d", g, i))
				if err := db.UpdateInstruments(t.Context(), put(id)); err != nil {
					t.Errorf("write: %v", err)
					return
				}
				if _, err := db.Rows(t.Context(), instrument.Filter{Limit: 10}); err != nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	must(t, db.Close())
}

func TestReadersCannotWrite(t *testing.T) {
	db := openTest(t, Options{})
	err := db.pool.read(t.Context(), func(c *conn) error {
		_, err := c.exec(`DELETE FROM peers`)
		return err
	})
	if !errors.Is(err, fault.Internal) {
		t.Errorf("a reader's write: %v", err)
	}
}

// TestStatementsAreParsedOnce counts what the connections have prepared.
func TestStatementsAreParsedOnce(t *testing.T) {
	db := openTest(t, Options{Readers: 1})
	for _, id := range []string{"a", "b", "c", "d"} {
		_, err := db.PeerNamed(t.Context(), id)
		if !errors.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
	}
	must(t, db.pool.read(t.Context(), func(c *conn) error {
		if len(c.prepared) != 2 { // the read, and what made the connection read-only
			t.Errorf("%d statements are prepared", len(c.prepared))
		}
		return nil
	}))
}

// TestASettingThatDidNotTake is refused, as on a disk that cannot do WAL.
func TestASettingThatDidNotTake(t *testing.T) {
	db := openTest(t, Options{})
	must(t, db.pool.read(t.Context(), func(c *conn) error {
		must(t, c.check(durable()))
		if err := c.check([]setting{{"journal_mode", "delete"}}); fault.ReasonOf(err) != "database-not-durable" {
			t.Errorf("check: %v", err)
		}
		return nil
	}))
}
