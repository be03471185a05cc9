package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/controller/store/storetest"
)

func TestFile(t *testing.T) {
	storetest.TestStore(t, func(t *testing.T) storetest.Store {
		return openFile(t, filepath.Join(t.TempDir(), "a file?with #odd%20name.db"), store.Options{})
	})
}

func TestMemory(t *testing.T) {
	storetest.TestStore(t, func(t *testing.T) storetest.Store { return openMemory(t) })
}

// TestFileOneUnitPerCommit runs the suite without any grouping.
func TestFileOneUnitPerCommit(t *testing.T) {
	storetest.TestStore(t, func(t *testing.T) storetest.Store {
		return openFile(t, filepath.Join(t.TempDir(), "s.db"), store.Options{Batch: 1, Readers: 1})
	})
}

func openFile(t testing.TB, path string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), path, o)
	return opened(t, db, err)
}

func openMemory(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.OpenMemory(context.Background(), store.Options{})
	return opened(t, db, err)
}

// opened is closed with the test.
func opened(t testing.TB, db *store.DB, err error) *store.DB {
	t.Helper()
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
