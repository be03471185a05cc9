package sandbox_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
)

func tables(files ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i, name := range files {
		fs[string(rune('1'+i))+"_"+name+".sql"] = &fstest.MapFile{
			Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE " + name + " (n INTEGER) STRICT;\n"),
		}
	}
	return fs
}

func TestProcessesThatStartTogetherFindOneDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "x.db")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			db, err := sandbox.OpenDatabase(context.Background(), path, tables("one", "two"))
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTheFileIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db := open(t, path, tables("one"))
	if _, err := db.Exec("INSERT INTO one VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(path + "*")
	if err != nil || len(found) < 2 {
		t.Fatalf("found %v, %v", found, err)
	}
	for _, f := range found {
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", f, info.Mode())
		}
	}
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	if err := open(t, path, tables("one", "two")).Close(); err != nil {
		t.Fatal(err)
	}
	if db, err := sandbox.OpenDatabase(context.Background(), path, tables("one")); err == nil {
		t.Error("it was opened")
		_ = db.Close()
	}
}

func TestAnErrorUndoesATransaction(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), tables("one"))
	no := errors.New("no")
	err := sandbox.Transact(context.Background(), db, func(tx *sql.Tx) error {
		if _, err := tx.Exec("INSERT INTO one VALUES (1)"); err != nil {
			return err
		}
		return no
	})
	if !errors.Is(err, no) {
		t.Errorf("err = %v", err)
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM one").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestASleepEndsWithItsContext(t *testing.T) {
	never := sandbox.Timer(func(time.Duration) (<-chan time.Time, func()) { return nil, func() {} })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if never.Sleep(ctx, time.Hour) {
		t.Error("it says that it slept")
	}
	if !sandbox.Timer(sandbox.RealTimer).Sleep(context.Background(), time.Nanosecond) {
		t.Error("a real wait did not end")
	}
}

func open(t *testing.T, path string, fs fstest.MapFS) *sql.DB {
	t.Helper()
	db, err := sandbox.OpenDatabase(context.Background(), path, fs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
