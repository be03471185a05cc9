package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// alter runs one statement in a unit of work, as somebody would who edits the file.
func alter(t *testing.T, db *DB, query string) {
	t.Helper()
	must(t, db.submit(t.Context(), func(w *work) error {
		_, err := w.exec(query)
		return err
	}))
}

// TestLimitsThatCannotBeReadAreNotNone: whoever has them has no limit less.
func TestLimitsThatCannotBeReadAreNotNone(t *testing.T) {
	db := openTest(t, Options{})
	must(t, db.UpdateProfiles(t.Context(), func(w profile.Writer) error {
		return errors.Join(
			w.PutPrincipal(profile.Principal{ID: "gary", Kind: profile.Person, Name: "Gary", Login: "gary"}),
			w.PutMembership(profile.Membership{Group: "family", Member: "gary"}))
	}))
	alter(t, db, `UPDATE principals SET limits = '{"each":'`)
	alter(t, db, `UPDATE members SET limits = '{"each":'`)
	db.memory.close() // what is remembered is read again
	for name, read := range map[string]func() error{
		"by id":       func() error { _, err := db.Principal(t.Context(), "gary"); return err },
		"by login":    func() error { _, err := db.PrincipalByLogin(t.Context(), "gary"); return err },
		"in a list":   func() error { _, err := db.Principals(t.Context(), ""); return err },
		"as a member": func() error { _, err := db.Memberships(t.Context(), "family", "gary"); return err },
		"all of hers": func() error { _, err := db.Memberships(t.Context(), "", "gary"); return err },
		"while counts": func() error {
			return db.UpdateProfiles(t.Context(), func(w profile.Writer) error { _, err := w.Membership("family", "gary"); return err })
		},
	} {
		if err := read(); !errors.Is(err, fault.Internal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestALogWithAHole: what comes behind a part that is missing is not what happened next.
func TestALogWithAHole(t *testing.T) {
	db := openTest(t, Options{})
	r := protocol.Row{ID: "op", Side: protocol.Initiator, State: protocol.Running, Runner: "ours", Begun: time.Unix(1, 0)}
	must(t, db.UpdateOperations(t.Context(), func(w protocol.Writer) error {
		return errors.Join(w.BeginOperation(r), w.Log("op", "ours", 1, []byte("one")), w.Log("op", "ours", 2, []byte("two")), w.Log("op", "ours", 3, []byte("three")))
	}))
	for _, part := range []string{"2", "1"} {
		alter(t, db, `DELETE FROM operation_log WHERE n = `+part)
		if parts, err := db.OperationLog(t.Context(), "op"); fault.ReasonOf(err) != "log-incomplete" {
			t.Errorf("without part %s it has %d parts, %v", part, len(parts), err)
		}
	}
}

// TestWhatHasBeenSpentIsNotWrappedRound: a sum that cannot be counted is refused.
func TestWhatHasBeenSpentIsNotWrappedRound(t *testing.T) {
	db := openTest(t, Options{})
	spent := func(op instrument.OperationID, value uint64) error {
		return db.UpdateProfiles(t.Context(), func(w profile.Writer) error {
			return w.Count(profile.Spending{Operation: op, Account: "gary", Amount: instrument.Amount{Currency: "CHF", Value: value, Fraction: instrument.FractionBase / 2}, Time: time.Unix(1, 0)})
		})
	}
	must(t, spent("a", instrument.MaxValue))
	if sum, err := db.Spent(t.Context(), "gary", "CHF", "", time.Time{}); err != nil || sum.Value != instrument.MaxValue {
		t.Errorf("the most that there is: %v, %v", sum, err)
	}
	must(t, spent("b", 0))
	if sum, err := db.Spent(t.Context(), "gary", "CHF", "", time.Time{}); fault.ReasonOf(err) != "amount-too-large" {
		t.Errorf("a franc more: %v, %v", sum, err)
	}
}

// TestABusyDatabaseIsAskedAgain: another process holds the file for longer than we wait. Nothing
// of the unit is made, and the next one is.
func TestABusyDatabaseIsAskedAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	ours := openAt(t, path, Options{Busy: time.Millisecond})
	theirs := hold(t, openAt(t, path, Options{}))
	err := ours.UpdateInstruments(t.Context(), put("a"))
	if !errors.Is(err, fault.Unavailable) || fault.ReasonOf(err) != "database-busy" {
		t.Errorf("while it is held: %v", err)
	}
	theirs.wait()
	must(t, ours.UpdateInstruments(t.Context(), put("b")))
	if has(t, ours, "a") || !has(t, ours, "b") {
		t.Error("what was refused is there, or what was kept is not")
	}
}

// TestACopyThatFailsLeavesNoFile: half a backup would be taken for one.
func TestACopyThatFailsLeavesNoFile(t *testing.T) {
	db := openTest(t, Options{})
	path := filepath.Join(t.TempDir(), "copy.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.CopyTo(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("the copy: %v", err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it has left a file: %v", err)
	}
}
