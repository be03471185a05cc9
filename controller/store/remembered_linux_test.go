package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// commitVersion writes version n of a row whose sealed part says it, too.
func commitVersion(t *testing.T, db *DB, id instrument.ID, n int64, lease instrument.OperationID) {
	t.Helper()
	must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return writeVersion(w, id, n, lease) }))
}

func writeVersion(w instrument.Writer, id instrument.ID, n int64, lease instrument.OperationID) error {
	r := instrument.Row{ID: id, Class: "c", Owner: "me", Status: "s", Version: n, Lease: lease, Sealed: fmt.Append(nil, n)}
	if n == 1 {
		return w.Insert(r)
	}
	return w.Update(r, n-1, lease)
}

func version(t *testing.T, db *DB, id instrument.ID) int64 {
	t.Helper()
	r, err := db.Row(t.Context(), id)
	must(t, err)
	if string(r.Sealed) != fmt.Sprint(r.Version) {
		t.Fatalf("version %d with the content of version %s", r.Version, r.Sealed)
	}
	return r.Version
}

// remembers says whether a read would ask the database.
func remembers(db *DB, id instrument.ID) bool {
	_, ok := db.memory.row(id)
	return ok
}

func TestWhatWasCommittedIsNotReadAgain(t *testing.T) {
	db := openAt(t, filepath.Join(t.TempDir(), "s.db"), Options{})
	commitVersion(t, db, "a", 1, "")
	if !remembers(db, "a") || version(t, db, "a") != 1 {
		t.Error("what was just committed is not remembered")
	}
	commitVersion(t, db, "a", 2, "")
	if !remembers(db, "a") || version(t, db, "a") != 2 {
		t.Error("a later version is not remembered")
	}
	must(t, db.Close())
	db = openAt(t, db.writer.path, Options{})
	if remembers(db, "a") || version(t, db, "a") != 2 {
		t.Error("nothing is remembered before the first commit: nobody knows what it was right for")
	}
	commitVersion(t, db, "b", 1, "")
	version(t, db, "a")
	if !remembers(db, "a") {
		t.Error("what was read is not remembered")
	}
	must(t, db.Close())
	if _, err := db.Row(t.Context(), "a"); err == nil {
		t.Error("a closed database still answers")
	}
}

// TestAnotherWriterIsSeenAtOnce has two handles write one row in turns, and each reads what
// the other one has acknowledged.
func TestAnotherWriterIsSeenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	commitVersion(t, a, "row", 1, "")
	for n := int64(2); n < 60; n++ {
		writer, reader := a, b
		if n%3 == 0 {
			writer, reader = b, a
		}
		commitVersion(t, writer, "row", n, "")
		if now := version(t, reader, "row"); now != n {
			t.Fatalf("version %d was acknowledged, and another handle reads %d", n, now)
		}
		commitVersion(t, reader, instrument.ID(fmt.Sprint("other-", n)), 1, "") // its own commit makes nothing right that was not
		if now := version(t, reader, "row"); now != n {
			t.Fatalf("version %d was acknowledged, and another handle reads %d after a commit of its own", n, now)
		}
	}
}

// TestACommitBetweenOursAndTheLook is what a second process can do in the moment between our COMMIT
// and the look at the wal-index. Where ours has altered nothing the count stands after it as after ours.
func TestACommitBetweenOursAndTheLook(t *testing.T) {
	for ours, id := range map[string]string{"something": "other", "nothing": "nobody"} {
		path := filepath.Join(t.TempDir(), "s.db")
		a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
		commitVersion(t, a, "row", 1, "")
		commitVersion(t, a, "other", 1, "")
		must(t, a.writer.begin())
		_, err := a.writer.conn.exec(`UPDATE instances SET status = 'new' WHERE id = ?`, id)
		must(t, err)
		_, err = a.writer.conn.exec("COMMIT")
		must(t, err)
		commitVersion(t, b, "row", 2, "")
		a.memory.committed([]func(*remembered){func(m *remembered) { m.putRow(instrument.Row{ID: "other"}) }}, a.writer.alone)
		if remembers(a, "row") || remembers(a, "other") {
			t.Errorf("ours altered %s: something is remembered that another process may have changed", ours)
		}
		if now := version(t, a, "row"); now != 2 {
			t.Errorf("ours altered %s: version %d is read after 2 was acknowledged", ours, now)
		}
	}
}

// TestAReadThatACommitHasOvertaken is of a reader that has seen a row before a commit, and keeps it after.
func TestAReadThatACommitHasOvertaken(t *testing.T) {
	db := openAt(t, filepath.Join(t.TempDir(), "s.db"), Options{})
	commitVersion(t, db, "row", 1, "")
	since := db.memory.now()
	old, err := db.Row(t.Context(), "row")
	must(t, err)
	commitVersion(t, db, "row", 2, "")
	db.memory.keep(since, func(m *remembered) { m.putRow(old) })
	if now := version(t, db, "row"); now != 2 {
		t.Errorf("version %d is read after 2 was acknowledged", now)
	}
}

func TestAClosedDatabaseRemembersNothing(t *testing.T) {
	db, err := OpenMemory(t.Context(), Options{})
	must(t, err)
	commitVersion(t, db, "row", 1, "")
	if !remembers(db, "row") {
		t.Error("a database in memory has one writer: what it has committed is right")
	}
	must(t, db.Close())
	if _, err := db.Row(t.Context(), "row"); err == nil {
		t.Error("a closed database still answers")
	}
}

func TestWhatWasNotCommittedIsNotRemembered(t *testing.T) {
	fail := false
	db := openAt(t, filepath.Join(t.TempDir(), "s.db"), Options{BeforeCommit: func(int) error {
		if fail {
			return errors.New("no power")
		}
		return nil
	}})
	commitVersion(t, db, "row", 1, "")
	refusal := errors.New("no")
	if err := db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
		return errors.Join(writeVersion(w, "row", 2, ""), refusal)
	}); !errors.Is(err, refusal) {
		t.Fatal(err)
	}
	if now := version(t, db, "row"); now != 1 {
		t.Errorf("version %d of a unit that was taken back", now)
	}
	fail = true
	if err := db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return writeVersion(w, "row", 2, "") }); err == nil {
		t.Fatal("a commit that failed succeeded")
	}
	if remembers(db, "row") || version(t, db, "row") != 1 {
		t.Error("something is remembered of a database that has failed")
	}
}

func TestLeasesAreRemembered(t *testing.T) {
	db := openAt(t, filepath.Join(t.TempDir(), "s.db"), Options{})
	lease := func() instrument.OperationID {
		t.Helper()
		if !remembers(db, "row") {
			t.Error("the row is not remembered")
		}
		r, err := db.Row(t.Context(), "row")
		must(t, err)
		return r.Lease
	}
	commitVersion(t, db, "row", 1, "")
	must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Lease("row", 1, "op") }))
	if lease() != "op" {
		t.Error("the lease is not seen")
	}
	commitVersion(t, db, "row", 2, "op")
	must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Release("another") }))
	if lease() != "op" {
		t.Error("another operation has given it back")
	}
	must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Release("op") }))
	if lease() != "" {
		t.Error("it was given back")
	}
}

func TestAPrincipalIsRememberedAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	a, b := openAt(t, path, Options{}), openAt(t, path, Options{})
	p := profile.Principal{ID: "p", Kind: "terminal", Login: "till", Token: []byte("hash"), Facts: map[string]string{"k": "v"}}
	must(t, a.PutPrincipal(t.Context(), p))
	for n, by := range []*DB{a, b, a} {
		for range 2 { // the second time from memory
			for _, db := range []*DB{a, b} {
				got, err := db.PrincipalByLogin(t.Context(), "till")
				must(t, err)
				if got.Disabled != (n%2 == 1) || got.Facts["k"] != "v" || string(got.Token) != "hash" {
					t.Fatalf("after change %d: %+v", n, got)
				}
				got.Facts["k"], got.Token[0] = "spoilt", 0 // what was given out is the caller's
			}
		}
		p.Disabled = n%2 == 0
		must(t, by.PutPrincipal(t.Context(), p))
	}
}

// TestMuchIsNotRemembered writes more rows than are remembered, and a large one, and asks for more
// logins: strangers choose them.
func TestMuchIsNotRemembered(t *testing.T) {
	db := openAt(t, filepath.Join(t.TempDir(), "s.db"), Options{})
	must(t, db.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
		for n := range 3 * mostRemembered / 2 {
			if err := writeVersion(w, instrument.ID(fmt.Sprint(n)), 1, ""); err != nil {
				return err
			}
		}
		return w.Insert(instrument.Row{ID: "large", Class: "c", Owner: "me", Status: "s", Version: 1, Sealed: make([]byte, mostSealed+1)})
	}))
	if n := len(db.memory.rows); n == 0 || n > mostRemembered || remembers(db, "large") {
		t.Errorf("%d rows are remembered, the large one: %v", n, remembers(db, "large"))
	}
	for n := range 3 * mostRemembered / 2 {
		if _, err := db.PrincipalByLogin(t.Context(), fmt.Sprint(n)); !errors.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
	}
	if n := len(db.memory.found); n == 0 || n > mostRemembered {
		t.Errorf("%d searches are remembered", n)
	}
}
