package instrument_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestUpdateRefuses(t *testing.T) {
	keyed := func(class instrument.ClassID, key, value string) instrument.Instance {
		i := number(class, 1)
		i.Keys = map[string]string{key: value}
		return i
	}
	creating := func(i instrument.Instance) func(instrument.ID) func(*instrument.Draft) error {
		return func(instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error { _, err := d.Create(i); return err }
		}
	}
	editing := func(f func(*instrument.Instance)) func(instrument.ID) func(*instrument.Draft) error {
		return func(id instrument.ID) func(*instrument.Draft) error { return edit(id, f) }
	}
	with := func(i instrument.Instance, f func(*instrument.Instance)) instrument.Instance { f(&i); return i }
	for _, c := range []struct {
		name   string
		do     func(existing instrument.ID) func(*instrument.Draft) error
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a class that is not installed", creating(number("unknown", 1)), fault.Unsupported, "class-unknown"},
		{"a status it cannot begin with", creating(with(number("purse", 1), func(i *instrument.Instance) { i.Status = "shut" })), fault.Conflict, "move-refused"},
		{"a key that the class does not have", creating(keyed("purse", "other", "x")), fault.Invalid, "key-unknown"},
		{"a key without value", creating(keyed("purse", "tag", "")), fault.Invalid, "key-unknown"},
		{"a key that is taken", creating(keyed("purse", "tag", "taken")), fault.Conflict, "tag-taken"},
		{"the same value under another name", creating(keyed("purse", "mark", "taken")), 0, ""},
		{"the same value in another class", creating(keyed("pool", "tag", "taken")), 0, ""},
		{"a key that is not UTF-8", creating(keyed("purse", "tag", "caf\xe9")), fault.Invalid, "text-malformed"},
		{"a state that is too large", creating(with(number("purse", 1), func(i *instrument.Instance) { i.State = bytes.Repeat([]byte("1"), 33<<20+1) })), fault.Invalid, "state-malformed"},
		{"a state that is not JSON", creating(with(number("purse", 1), func(i *instrument.Instance) { i.State = []byte("{") })), fault.Invalid, "state-malformed"},
		{"a name that is not UTF-8", creating(with(number("purse", 1), func(i *instrument.Instance) { i.Name = "caf\xe9" })), fault.Invalid, "text-malformed"},
		{"no state", creating(with(number("purse", 1), func(i *instrument.Instance) { i.State = nil })), fault.Invalid, "state-malformed"},
		{"an id that is none", creating(with(number("purse", 1), func(i *instrument.Instance) { i.ID = "x" })), fault.Invalid, "id-malformed"},
		{"an id that is taken", func(id instrument.ID) func(*instrument.Draft) error {
			return creating(with(number("purse", 1), func(i *instrument.Instance) { i.ID = id }))("")
		}, fault.Conflict, "id-taken"},
		{"an id that was read", func(id instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				i, err := d.Get(id)
				if err != nil {
					return err
				}
				_, err = d.Create(i)
				return err
			}
		}, fault.Conflict, "id-taken"},
		{"an id that was made", func(instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				id, err := d.Create(number("purse", 1))
				if err != nil {
					return err
				}
				_, err = d.Create(with(number("purse", 2), func(i *instrument.Instance) { i.ID = id }))
				return err
			}
		}, fault.Conflict, "id-taken"},
		{"two claims of one key at once", func(instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				_, err1 := d.Create(keyed("purse", "tag", "both"))
				_, err2 := d.Create(keyed("purse", "tag", "both"))
				return errors.Join(err1, err2)
			}
		}, fault.Conflict, "tag-taken"},

		{"another owner", editing(func(i *instrument.Instance) { i.Owner = "mallory" }), fault.Invalid, "identity-changed"},
		{"another class", editing(func(i *instrument.Instance) { i.Class = "pool" }), fault.Invalid, "identity-changed"},
		{"a key given up", editing(func(i *instrument.Instance) { i.Keys = nil }), fault.Invalid, "key-removed"},
		{"a key exchanged", editing(func(i *instrument.Instance) { i.Keys = map[string]string{"tag": "new"} }), fault.Invalid, "key-removed"},
		{"a key added", editing(func(i *instrument.Instance) { i.Keys["mark"] = "new" }), 0, ""},
		{"a move that is listed", editing(func(i *instrument.Instance) { i.Status = "shut" }), 0, ""},
		{"a move that is not listed", editing(func(i *instrument.Instance) { i.Status = "lost" }), fault.Conflict, "move-refused"},
		{"another version", editing(func(i *instrument.Instance) { i.Version++ }), fault.Internal, "write-without-read"},
		{"something that was not read", func(id instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				return d.Put(with(number("purse", 1), func(i *instrument.Instance) { i.ID, i.Version = id, 1 }))
			}
		}, fault.Internal, "write-without-read"},
		{"out of a final state", func(id instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				return errors.Join(edit(id, func(i *instrument.Instance) { i.Status = "shut" })(d),
					edit(id, func(i *instrument.Instance) { i.Status = "open" })(d))
			}
		}, fault.Conflict, "move-refused"},
		{"within a final state", func(id instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				return errors.Join(edit(id, func(i *instrument.Instance) { i.Status = "shut" })(d),
					edit(id, func(i *instrument.Instance) { i.State = []byte("9") })(d))
			}
		}, fault.Conflict, "move-refused"},
		{"what is not there", func(instrument.ID) func(*instrument.Draft) error { return add("00000000000000000000000000", 1) }, fault.NotFound, ""},
		{"the closure's own error", func(id instrument.ID) func(*instrument.Draft) error {
			return func(d *instrument.Draft) error {
				return errors.Join(add(id, 1)(d), fault.New(fault.Declined, "no"))
			}
		}, fault.Declined, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t)
			id := p.create(t, keyed("purse", "tag", "taken"))
			err := p.Update(t.Context(), c.do(id))
			wants(t, err, c.kind, c.reason)
			entries, jerr := p.Journal(t.Context(), instrument.Operations, instrument.Page{Limit: 10})
			if jerr != nil {
				t.Fatal(jerr)
			}
			if want := map[bool]int{true: 2, false: 1}[c.kind == 0]; len(entries) != want {
				t.Errorf("%d journal entries, wanted %d", len(entries), want)
			}
			if c.kind != 0 && (p.view(t, id).Version != 1 || count(t, p.view(t, id)) != 1) {
				t.Errorf("the refused change left %+v", p.view(t, id))
			}
		})
	}
}

// TestRoundTrip: what is stored comes back, by id, by key and in lists, and what
// is handed out are copies.
func TestRoundTrip(t *testing.T) {
	p := open(t)
	in := number("purse", 7)
	in.Keys = map[string]string{"tag": "a"}
	id := p.create(t, in)
	in.ID, in.Version = id, 1
	got, err := p.Lookup(t.Context(), "purse", "tag", "a")
	if err != nil || fmt.Sprint(got) != fmt.Sprint(in) {
		t.Errorf("got %+v, %v", got, err)
	}
	got.Keys["tag"], got.State[0] = "altered", 'x'
	if again := p.view(t, id); fmt.Sprint(again) != fmt.Sprint(in) {
		t.Errorf("what was handed out is not a copy: %+v", again)
	}
	for _, f := range []struct {
		filter instrument.Filter
		n      int
	}{
		{instrument.Filter{}, 1},
		{instrument.Filter{Class: "purse", Owner: "gary", Status: "open"}, 1},
		{instrument.Filter{Owner: "mallory"}, 0},
		{instrument.Filter{After: id}, 0},
	} {
		if list, err := p.List(t.Context(), f.filter); err != nil || len(list) != f.n {
			t.Errorf("%+v lists %v, %v", f.filter, list, err)
		}
	}
	_, err = p.Find(t.Context(), "purse", "tag", "b")
	wants(t, err, fault.NotFound, "")
	_, err = p.View(t.Context(), "00000000000000000000000000")
	wants(t, err, fault.NotFound, "")
}

// TestDraftSeesItself: within one change, what was written is what is read.
func TestDraftSeesItself(t *testing.T) {
	p := open(t)
	old := p.create(t, number("purse", 1))
	err := p.Update(t.Context(), func(d *instrument.Draft) error {
		i := number("purse", 5)
		i.Keys = map[string]string{"tag": "mine"}
		id, err := d.Create(i)
		if err != nil {
			return err
		}
		if found, err := d.Find("purse", "tag", "mine"); err != nil || found != id {
			t.Errorf("found %q, %v; made %q", found, err, id)
		}
		if err := errors.Join(add(id, 1)(d), add(old, 1)(d), add(old, 1)(d)); err != nil {
			return err
		}
		if w := d.Written(); len(w) != 2 || w[0].ID != id || w[0].Version != 2 || w[1].Version != 3 || count(t, w[1]) != 3 {
			t.Errorf("written: %+v", w)
		}
		return d.Append("receipts", id, "thanks")
	})
	if err != nil {
		t.Fatal(err)
	}
	if i := p.view(t, old); i.Version != 3 || count(t, i) != 3 {
		t.Errorf("stored: %+v", i)
	}
	receipts, err := p.Journal(t.Context(), "receipts", instrument.Page{Limit: 5})
	if err != nil || len(receipts) != 1 || string(receipts[0].Body) != `"thanks"` || receipts[0].Seq != 1 || receipts[0].Class != "purse" {
		t.Errorf("receipts: %+v, %v", receipts, err)
	}
}

// TestLostUpdates: many writers of one instance lose nothing.
func TestLostUpdates(t *testing.T) {
	for _, same := range []bool{true, false} {
		t.Run(fmt.Sprintf("in one order %v", same), func(t *testing.T) {
			const writers, rounds = 16, 5
			p := open(t)
			a, b := p.create(t, number("purse", 0)), p.create(t, number("purse", 0))
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() {
					for range rounds {
						first, second := a, b
						if !same && w%2 == 1 {
							first, second = b, a
						}
						err := p.Update(t.Context(), func(d *instrument.Draft) error { return errors.Join(add(first, 1)(d), add(second, 1)(d)) })
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			for _, id := range []instrument.ID{a, b} {
				if i := p.view(t, id); count(t, i) != writers*rounds || i.Version != writers*rounds+1 {
					t.Errorf("%d of %d are left, version %d", count(t, i), writers*rounds, i.Version)
				}
			}
		})
	}
}

// TestReadsAreProved: what a change has only read, "not there" included, is still
// so when it is committed.
func TestReadsAreProved(t *testing.T) {
	const unborn instrument.ID = "00000000000000000000000000"
	for _, c := range []struct {
		name    string
		read    func(d *instrument.Draft, other instrument.ID) (any, error)
		disturb func(d *instrument.Draft, other instrument.ID) error
	}{
		{"an instance", func(d *instrument.Draft, other instrument.ID) (any, error) {
			i, err := d.Get(other)
			return string(i.State), err
		}, func(d *instrument.Draft, other instrument.ID) error { return add(other, 1)(d) }},
		{"an instance that is not there", func(d *instrument.Draft, _ instrument.ID) (any, error) {
			_, err := d.Get(unborn)
			return fault.KindOf(err), nil
		}, func(d *instrument.Draft, _ instrument.ID) error {
			i := number("purse", 1)
			i.ID = unborn
			_, err := d.Create(i)
			return err
		}},
		{"a key that nobody has", func(d *instrument.Draft, _ instrument.ID) (any, error) {
			_, err := d.Find("purse", "tag", "phantom")
			return fault.KindOf(err), nil
		}, func(d *instrument.Draft, _ instrument.ID) error {
			i := number("purse", 1)
			i.Keys = map[string]string{"tag": "phantom"}
			_, err := d.Create(i)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t)
			mine, other := p.create(t, number("purse", 0)), p.create(t, number("purse", 0))
			var saw []any
			err := p.Update(t.Context(), func(d *instrument.Draft) error {
				seen, err := c.read(d, other)
				if err != nil {
					return err
				}
				if saw = append(saw, seen); len(saw) == 1 {
					if err := p.Update(t.Context(), func(d *instrument.Draft) error { return c.disturb(d, other) }); err != nil {
						t.Error(err)
					}
				}
				return add(mine, 1)(d)
			})
			if err != nil || len(saw) != 2 || saw[0] == saw[1] {
				t.Errorf("it saw %v, %v", saw, err)
			}
			if count(t, p.view(t, mine)) != 1 {
				t.Errorf("it wrote %d", count(t, p.view(t, mine)))
			}
		})
	}
}

func TestTwoClassesOfOneID(t *testing.T) {
	p := open(t)
	_, err := instrument.NewManager(instrument.Parts{
		Store: p.store, Sealer: p.engine, Clock: time.Now, Random: rand.Reader, Classes: []instrument.Class{class{id: "x"}, class{id: "x"}},
	})
	wants(t, err, fault.Conflict, "class-installed-twice")
	if infos := p.Classes(); len(infos) != 2 || infos[0].ID != "pool" || infos[1].ID != "purse" {
		t.Errorf("classes: %+v", infos)
	}
}

func TestUpdateEndsWithItsCaller(t *testing.T) {
	p := open(t)
	id := p.create(t, number("purse", 0))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Update(ctx, add(id, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if count(t, p.view(t, id)) != 0 {
		t.Error("it was written")
	}
}

// TestNumbersOfAppendedEntries are those of the attempt that was committed, in the
// order of Append.
func TestNumbersOfAppendedEntries(t *testing.T) {
	p := open(t)
	for round := range 3 {
		var last *instrument.Draft
		if err := p.Update(t.Context(), func(d *instrument.Draft) error {
			last = d
			for _, topic := range []instrument.Topic{"receipts", "letters", "receipts"} {
				if err := d.Append(topic, "", round); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		n := instrument.Seq(round)
		if got, want := last.Numbers(), []instrument.Seq{2*n + 1, n + 1, 2*n + 2}; !slices.Equal(got, want) {
			t.Errorf("round %d: numbered %v, want %v", round, got, want)
		}
	}
}
