// Package storetest is the contract of the database behind the managers, as
// tests: what an engine must pass before money may rest on it. It speaks only
// the interfaces that the managers declare.
//
//	func TestStore(t *testing.T) {
//		storetest.TestStore(t, func(t *testing.T) storetest.Store { return openMine(t) })
//	}
package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Store is all that the managers need of one database.
type Store interface {
	instrument.Store
	protocol.Store
	profile.Store
	comm.Book
}

// TestStore runs the suite. Each call of open gives a new, empty store and
// leaves closing it to t.Cleanup.
func TestStore(t *testing.T, open func(t *testing.T) Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Store)
	}{
		{"a row comes back as it was written", testRow},
		{"a write names the version it has seen", testVersions},
		{"an update loses no other update", testLostUpdates},
		{"a lease keeps others from writing", testLeases},
		{"a lease is taken of the version seen", testLeaseOfVersion},
		{"a unique key is claimed once", testKeys},
		{"what was only read is validated", testValidate},
		{"racers for a key have one winner", testKeyRace},
		{"listing filters and pages", testListing},

		{"a unit that fails leaves nothing", testFailingUnit},
		{"a unit that goes on after half a write fails", testHalfWrite},
		{"a failing unit does not disturb its neighbours", testNeighbours},
		{"a panic is one unit's failure", testPanic},
		{"an ended context runs no unit", testEndedContext},
		{"a unit of work is in view when it returns", testReadYourWrite},

		{"a topic is numbered from 1", testNumbers},
		{"a topic leaves numbers out", testSkips},
		{"a topic stays dense when units fail", testDense},
		{"a follower misses nothing", testFollower},
		{"pages in both directions", testPages},

		{"an operation begins once and ends once", testOperation},
		{"an operation begins with its instruments or not at all", testOperationUnit},
		{"a log is its runner's alone, and whole", testLog},
		{"an operation is taken over once", testTakeOver},
		{"an end keeps its time when it is taken over", testTakeOverOfEnded},
		{"an end that was heard is not asked for again", testHeard},
		{"instances are counted by status", testTally},
		{"operations are listed newest first", testOperations},

		{"principals", testPrincipals},
		{"a login has one principal", testLogins},
		{"a name has one person, until it is free again", testNames},
		{"a change of a profile loses no other change", testProfileUnits},
		{"members", testMembers},
		{"what counts against a limit", testSpendings},
		{"peers", testPeers},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// noon is a time that every engine can keep: to the microsecond.
func noon() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC) }

func coupon(id instrument.ID) instrument.Row {
	return instrument.Row{ID: id, Class: "coupon", Owner: "gary", Status: "new", Version: 1, Sealed: []byte("sealed " + id)}
}

func key(name, value string) instrument.BlindKey {
	return instrument.BlindKey{Name: name, Blind: []byte(value)}
}

func entry(t instrument.Topic) instrument.EntryRow {
	return instrument.EntryRow{Topic: t, Time: noon(), Class: "coupon", Status: "new", Instance: "a", By: "op"}
}

// plain seals nothing: it stores the number itself.
func plain(seq instrument.Seq) ([]byte, error) { return []byte{byte(seq >> 8), byte(seq)}, nil }

func update(t *testing.T, s Store, unit func(instrument.Writer) error) {
	t.Helper()
	if err := s.UpdateInstruments(t.Context(), unit); err != nil {
		t.Fatalf("unit of work: %v", err)
	}
}

func insert(t *testing.T, s Store, rows ...instrument.Row) {
	t.Helper()
	update(t, s, func(w instrument.Writer) error {
		for _, r := range rows {
			if err := w.Insert(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// outcome is what became of one unit of work with one step.
func outcome(t *testing.T, s Store, step func(instrument.Writer) error) error {
	t.Helper()
	return s.UpdateInstruments(t.Context(), step)
}

func row(t *testing.T, s Store, id instrument.ID) instrument.Row {
	t.Helper()
	r, err := s.Row(t.Context(), id)
	if err != nil {
		t.Fatalf("row %s: %v", id, err)
	}
	return r
}

func entries(t *testing.T, s Store, topic instrument.Topic, p instrument.Page) []instrument.EntryRow {
	t.Helper()
	list, err := s.Entries(t.Context(), topic, p)
	if err != nil {
		t.Fatalf("entries of %s: %v", topic, err)
	}
	return list
}

// dense fails unless a topic holds the numbers 1 to n and nothing else.
func dense(t *testing.T, s Store, topic instrument.Topic, n int) {
	t.Helper()
	list := entries(t, s, topic, instrument.Page{Limit: n + 10})
	if len(list) != n {
		t.Fatalf("%s has %d entries, want %d", topic, len(list), n)
	}
	for i, e := range list {
		if e.Seq != instrument.Seq(i+1) {
			t.Fatalf("%s: entry %d has number %d", topic, i+1, e.Seq)
		}
	}
}

func isVersionConflict(err error, id instrument.ID) bool {
	var c *instrument.VersionConflict
	return errors.As(err, &c) && c.ID == id
}

func isKeyConflict(err error, key string, id instrument.ID) bool {
	var c *instrument.KeyConflict
	return errors.As(err, &c) && c.Key == key && c.ID == id
}

func isLeased(err error) bool {
	return errors.Is(err, fault.Locked) && fault.ReasonOf(err) == "leased"
}
