package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func testRow(t *testing.T, s Store) {
	want := coupon("a")
	want.Lease = "op"
	insert(t, s, want)
	if diff := cmp.Diff(want, row(t, s, "a")); diff != "" {
		t.Errorf("inserted row (-want +have):\n%s", diff)
	}
	want = instrument.Row{ID: "a", Class: "coupon", Owner: "lisa", Status: "spent", Version: 2, Sealed: []byte{0, 1, 255}}
	update(t, s, func(w instrument.Writer) error { return w.Update(want, 1, "op") })
	if diff := cmp.Diff(want, row(t, s, "a")); diff != "" {
		t.Errorf("updated row (-want +have):\n%s", diff)
	}
	if _, err := s.Row(t.Context(), "b"); !errors.Is(err, fault.NotFound) {
		t.Errorf("unknown row: %v", err)
	}
}

func testVersions(t *testing.T, s Store) {
	insert(t, s, coupon("a"))
	next := coupon("a")
	next.Version = 2
	for _, c := range []struct {
		name string
		step func(instrument.Writer) error
		id   instrument.ID
	}{
		{"insert of an id that exists", func(w instrument.Writer) error { return w.Insert(coupon("a")) }, "a"},
		{"update of an older version", func(w instrument.Writer) error { return w.Update(next, 0, "") }, "a"},
		{"update of a newer version", func(w instrument.Writer) error { return w.Update(next, 2, "") }, "a"},
		{"update of nothing", func(w instrument.Writer) error { return w.Update(coupon("b"), 1, "") }, "b"},
		{"older version seen", func(w instrument.Writer) error { return w.Validate("a", 0) }, "a"},
		{"nothing seen", func(w instrument.Writer) error { return w.Validate("b", 1) }, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := outcome(t, s, c.step); !isVersionConflict(err, c.id) {
				t.Errorf("outcome: %v, want a version conflict of %s", err, c.id)
			}
		})
	}
	if got := row(t, s, "a"); got.Version != 1 {
		t.Errorf("version is %d after refused writes", got.Version)
	}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(next, 1, "") }); err != nil {
		t.Errorf("update of the version seen: %v", err)
	}
}

// testLostUpdates counts in one row with many writers that read, add and try
// again.
func testLostUpdates(t *testing.T, s Store) {
	const writers, rounds = 8, 25
	insert(t, s, instrument.Row{ID: "n", Class: "coupon", Version: 1, Sealed: []byte("0")})
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				for addOne(t, s) {
				}
			}
		})
	}
	wg.Wait()
	if got := string(row(t, s, "n").Sealed); got != fmt.Sprint(writers*rounds) {
		t.Errorf("counted to %s, want %d", got, writers*rounds)
	}
}

// addOne reports whether it must be tried again.
func addOne(t *testing.T, s Store) (again bool) {
	r, err := s.Row(t.Context(), "n")
	if err != nil {
		t.Error(err)
		return false
	}
	var n int
	if _, err := fmt.Sscan(string(r.Sealed), &n); err != nil {
		t.Error(err)
		return false
	}
	seen := r.Version
	r.Version, r.Sealed = seen+1, fmt.Append(nil, n+1)
	err = s.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Update(r, seen, "") })
	if err != nil && !isVersionConflict(err, "n") {
		t.Error(err)
		return false
	}
	return err != nil
}

func testLeases(t *testing.T, s Store) {
	insert(t, s, coupon("a"), coupon("b"), coupon("free"))
	update(t, s, func(w instrument.Writer) error {
		return errors.Join(w.Lease("a", 1, "op-1"), w.Lease("b", 1, "op-1"))
	})
	if got := row(t, s, "a").Lease; got != "op-1" {
		t.Fatalf("lease is %q", got)
	}
	next := coupon("a")
	next.Version, next.Lease = 2, "op-1"

	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(next, 1, "op-2") }); !isLeased(err) {
		t.Errorf("update by another operation: %v", err)
	}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(next, 1, "") }); !isLeased(err) {
		t.Errorf("update by no operation: %v", err)
	}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Lease("a", 1, "op-2") }); !isLeased(err) {
		t.Errorf("lease by another operation: %v", err)
	}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Lease("a", 1, "op-1") }); err != nil {
		t.Errorf("second lease by the holder: %v", err)
	}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(next, 1, "op-1") }); err != nil {
		t.Errorf("update by the holder: %v", err)
	}
	if got := row(t, s, "a").Lease; got != "op-1" {
		t.Errorf("lease is %q after an update that kept it", got)
	}
	update(t, s, func(w instrument.Writer) error { return w.Release("op-2") })
	if got := row(t, s, "a").Lease; got != "op-1" {
		t.Errorf("another operation released the lease: %q", got)
	}
	update(t, s, func(w instrument.Writer) error { return w.Release("op-1") })
	for _, id := range []instrument.ID{"a", "b"} {
		if got := row(t, s, id).Lease; got != "" {
			t.Errorf("%s is leased to %q after release", id, got)
		}
	}
	next.Version, next.Lease = 3, ""
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(next, 2, "op-2") }); err != nil {
		t.Errorf("update by another operation after release: %v", err)
	}
}

func testLeaseOfVersion(t *testing.T, s Store) {
	insert(t, s, coupon("a"))
	for seen, id := range map[int64]instrument.ID{0: "a", 2: "a", 1: "nobody"} {
		err := outcome(t, s, func(w instrument.Writer) error { return w.Lease(id, seen, "op") })
		if !isVersionConflict(err, id) {
			t.Errorf("lease of version %d of %s: %v", seen, id, err)
		}
	}
	// Also of a row that somebody else has changed and leased since.
	update(t, s, func(w instrument.Writer) error {
		r := coupon("a")
		r.Version, r.Lease = 2, "other"
		return w.Update(r, 1, "")
	})
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Lease("a", 1, "op") }); !isVersionConflict(err, "a") {
		t.Errorf("lease of what changed and is held: %v", err)
	}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Lease("a", 2, "") }); err == nil {
		t.Error("a lease without an operation was given")
	}
}

func testKeys(t *testing.T, s Store) {
	a := coupon("a")
	a.Keys = []instrument.BlindKey{key("serial", "1"), key("shop", "1")}
	insert(t, s, a)
	find := func(class instrument.ClassID, k instrument.BlindKey) instrument.ID {
		id, err := s.FindRow(t.Context(), class, k)
		if err != nil && !errors.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		return id
	}
	b := coupon("b")
	b.Keys = []instrument.BlindKey{key("serial", "2"), key("shop", "1")}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Insert(b) }); !isKeyConflict(err, "shop", "b") {
		t.Errorf("insert with a taken key: %v", err)
	}
	if _, err := s.Row(t.Context(), "b"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the refused row is there: %v", err)
	}
	if got := find("coupon", key("serial", "2")); got != "" {
		t.Errorf("the refused row has kept a key: %q", got)
	}

	// The same value is another key under another name, and in another class.
	b.Keys = []instrument.BlindKey{key("other", "1")}
	c := coupon("c")
	c.Class, c.Keys = "ticket", []instrument.BlindKey{key("serial", "1")}
	insert(t, s, b, c)
	for _, f := range []struct {
		class instrument.ClassID
		key   instrument.BlindKey
		want  instrument.ID
	}{
		{"coupon", key("serial", "1"), "a"},
		{"coupon", key("shop", "1"), "a"},
		{"coupon", key("other", "1"), "b"},
		{"ticket", key("serial", "1"), "c"},
		{"ticket", key("shop", "1"), ""},
	} {
		if got := find(f.class, f.key); got != f.want {
			t.Errorf("%s %s is of %q, want %q", f.class, f.key.Name, got, f.want)
		}
	}

	// An update adds keys and removes none. One that adds what the row has claimed before is of an older row.
	a.Version, a.Keys = 2, []instrument.BlindKey{key("late", "1"), key("serial", "1")}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(a, 1, "") }); fault.ReasonOf(err) != "seal-broken" {
		t.Errorf("update with a key of its own: %v", err)
	}
	a.Keys = a.Keys[:1]
	update(t, s, func(w instrument.Writer) error { return w.Update(a, 1, "") })
	if find("coupon", key("late", "1")) != "a" || find("coupon", key("shop", "1")) != "a" {
		t.Error("keys after an update are not the old and the new ones")
	}
	b.Version, b.Keys = 2, []instrument.BlindKey{key("late", "1")}
	if err := outcome(t, s, func(w instrument.Writer) error { return w.Update(b, 1, "") }); !isKeyConflict(err, "late", "b") {
		t.Errorf("update with a taken key: %v", err)
	}
	if got := row(t, s, "b").Version; got != 1 {
		t.Errorf("the refused update is there: version %d", got)
	}
}

func testValidate(t *testing.T, s Store) {
	a := coupon("a")
	a.Keys = []instrument.BlindKey{key("serial", "1")}
	insert(t, s, a)
	for _, c := range []struct {
		name string
		step func(instrument.Writer) error
		want instrument.ID // whose conflict; empty: none
	}{
		{"the version seen", func(w instrument.Writer) error { return w.Validate("a", 1) }, ""},
		{"nothing seen and nothing there", func(w instrument.Writer) error { return w.Validate("b", 0) }, ""},
		{"another version", func(w instrument.Writer) error { return w.Validate("a", 2) }, "a"},
		{"the claimant seen", func(w instrument.Writer) error { return w.ValidateKey("coupon", key("serial", "1"), "a") }, ""},
		{"no claimant seen", func(w instrument.Writer) error { return w.ValidateKey("coupon", key("serial", "2"), "") }, ""},
		{"a claimant since", func(w instrument.Writer) error { return w.ValidateKey("coupon", key("serial", "1"), "") }, "a"},
		{"another claimant", func(w instrument.Writer) error { return w.ValidateKey("coupon", key("serial", "1"), "b") }, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := outcome(t, s, c.step)
			if c.want == "" && err != nil || c.want != "" && !isVersionConflict(err, c.want) {
				t.Errorf("outcome: %v", err)
			}
		})
	}
}

// testKeyRace lets 20 racers claim each of 100 keys.
func testKeyRace(t *testing.T, s Store) {
	const keys, racers = 100, 20
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for r := range racers {
		wg.Go(func() {
			for k := range keys {
				me := coupon(instrument.ID(fmt.Sprintf("%02d-%03d", r, k)))
				me.Keys = []instrument.BlindKey{key("serial", fmt.Sprint(k))}
				err := s.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Insert(me) })
				switch {
				case err == nil:
					won.Add(1)
				case isKeyConflict(err, "serial", me.ID):
					lost.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if won.Load() != keys || lost.Load() != keys*(racers-1) {
		t.Errorf("%d won and %d lost, want %d and %d", won.Load(), lost.Load(), keys, keys*(racers-1))
	}
	list, err := s.Rows(t.Context(), instrument.Filter{})
	if err != nil || len(list) != keys {
		t.Errorf("%d rows are there (%v), want %d", len(list), err, keys)
	}
}

func testListing(t *testing.T, s Store) {
	for i, r := range []instrument.Row{
		{ID: "d", Class: "coupon", Owner: "gary", Status: "new"},
		{ID: "b", Class: "ticket", Owner: "gary", Status: "new"},
		{ID: "a", Class: "coupon", Owner: "lisa", Status: "spent"},
		{ID: "c", Class: "coupon", Owner: "gary", Status: "spent"},
	} {
		r.Version, r.Sealed = int64(i+1), []byte{byte(i)}
		insert(t, s, r)
	}
	for _, c := range []struct {
		name   string
		filter instrument.Filter
		want   []instrument.ID
	}{
		{"all", instrument.Filter{}, []instrument.ID{"a", "b", "c", "d"}},
		{"class", instrument.Filter{Class: "coupon"}, []instrument.ID{"a", "c", "d"}},
		{"owner", instrument.Filter{Owner: "gary"}, []instrument.ID{"b", "c", "d"}},
		{"status", instrument.Filter{Status: "spent"}, []instrument.ID{"a", "c"}},
		{"class and owner", instrument.Filter{Class: "coupon", Owner: "gary"}, []instrument.ID{"c", "d"}},
		{"class and status", instrument.Filter{Class: "coupon", Status: "new"}, []instrument.ID{"d"}},
		{"all three", instrument.Filter{Class: "coupon", Owner: "gary", Status: "spent"}, []instrument.ID{"c"}},
		{"nobody's", instrument.Filter{Owner: "nobody"}, nil},
		{"first page", instrument.Filter{Limit: 2}, []instrument.ID{"a", "b"}},
		{"next page", instrument.Filter{Limit: 2, After: "b"}, []instrument.ID{"c", "d"}},
		{"last page", instrument.Filter{Limit: 2, After: "d"}, nil},
		{"first page of a class", instrument.Filter{Class: "coupon", Limit: 2}, []instrument.ID{"a", "c"}},
		{"last page of a class", instrument.Filter{Class: "coupon", After: "c", Limit: 2}, []instrument.ID{"d"}},
		{"page of no class", instrument.Filter{Class: "stamp", Limit: 2}, nil},
		{"page of a filter", instrument.Filter{Class: "coupon", After: "a", Limit: 1}, []instrument.ID{"c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := s.Rows(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []instrument.ID
			for _, r := range list {
				got = append(got, r.ID)
				if diff := cmp.Diff(row(t, s, r.ID), r); diff != "" {
					t.Errorf("listed row differs from the same read alone:\n%s", diff)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ids (-want +have):\n%s", diff)
			}
		})
	}
}
