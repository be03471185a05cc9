package instrument_test

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestNothingIsReadable: the bytes of the database hold no name, state, key or
// body of an entry; class, owner and status are there in clear.
func TestNothingIsReadable(t *testing.T) {
	p := openFile(t)
	i := number("purse", 1)
	i.Name, i.State, i.Keys = "NAME-marker", []byte(`"STATE-marker"`), map[string]string{"tag": "KEY-marker"}
	err := p.Update(t.Context(), func(d *instrument.Draft) error {
		id, err := d.Create(i)
		if err != nil {
			return err
		}
		return d.Append("receipts", id, "BODY-marker")
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(p.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	for _, secret := range []string{"NAME-marker", "STATE-marker", "KEY-marker", "BODY-marker"} {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%s can be read in the file", secret)
		}
	}
	for _, clear := range []string{"purse", "gary", "receipts"} { // control: this is where one must look
		if !bytes.Contains(all, []byte(clear)) {
			t.Errorf("%s is not in the file: the test looks at the wrong place", clear)
		}
	}
}

// TestAlteredRows: a row that was exchanged, turned back or altered in the
// database is found when it is read.
func TestAlteredRows(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter func(r, other, old *instrument.Row)
		ok    bool
	}{
		{"control: as it was", func(*instrument.Row, *instrument.Row, *instrument.Row) {}, true},
		{"the content of another instance", func(r, other, _ *instrument.Row) { r.Sealed = other.Sealed }, false},
		{"the content of an older version", func(r, _, old *instrument.Row) { r.Sealed = old.Sealed }, false},
		{"another status", func(r, _, _ *instrument.Row) { r.Status = "shut" }, false},
		{"another owner", func(r, _, _ *instrument.Row) { r.Owner = "mallory" }, false},
		{"another class", func(r, _, _ *instrument.Row) { r.Class = "pool" }, false},
		{"one bit", func(r, _, _ *instrument.Row) { r.Sealed[len(r.Sealed)-1] ^= 1 }, false},
		{"cut short", func(r, _, _ *instrument.Row) { r.Sealed = r.Sealed[:10] }, false},
		{"empty", func(r, _, _ *instrument.Row) { r.Sealed = nil }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := open(t)
			id, other := p.create(t, number("purse", 1)), p.create(t, number("purse", 2))
			row := func(id instrument.ID) instrument.Row {
				r, err := p.store.Row(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			old := row(id)
			if err := p.Update(t.Context(), add(id, 1)); err != nil {
				t.Fatal(err)
			}
			present, second := row(id), row(other)
			c.alter(&present, &second, &old)
			if err := p.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Update(present, present.Version, "") }); err != nil {
				t.Fatal(err)
			}
			_, err := p.View(t.Context(), id)
			if c.ok {
				wants(t, err, 0, "")
				return
			}
			wants(t, err, fault.Internal, "seal-broken")
			_, err = p.List(t.Context(), instrument.Filter{})
			wants(t, err, fault.Internal, "seal-broken")
			wants(t, p.Update(t.Context(), add(id, 1)), fault.Internal, "seal-broken")
			_, err = p.Lease(t.Context(), "op", []instrument.ID{id})
			wants(t, err, fault.Internal, "seal-broken")
		})
	}
}

// TestAlteredKeys: a key that was altered in the database to lead to an instance which has
// not claimed it is found when that is read, in whatever order.
func TestAlteredKeys(t *testing.T) {
	p := open(t)
	i := number("purse", 1)
	i.Keys = map[string]string{"tag": "its own"}
	id := p.create(t, i)
	row, err := p.store.Row(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	row.Keys = []instrument.BlindKey{{Name: "tag", Blind: p.engine.Blind("purse/tag", "another's")}}
	if err := p.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Update(row, row.Version, "") }); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]func(d *instrument.Draft, value string) error{
		"at once": func(_ *instrument.Draft, value string) error {
			_, err := p.Lookup(t.Context(), "purse", "tag", value)
			return err
		},
		"found, then read": func(d *instrument.Draft, value string) error {
			found, err := d.Find("purse", "tag", value)
			return errors.Join(err, add(found, 1)(d))
		},
		"found, then looked at": func(d *instrument.Draft, value string) error {
			found, err := d.Find("purse", "tag", value)
			if err == nil {
				_, err = d.Peek(found)
			}
			return err
		},
		"read, then found": func(d *instrument.Draft, value string) error {
			if err := add(id, 0)(d); err != nil {
				return err
			}
			_, err := d.Find("purse", "tag", value)
			return err
		},
	} {
		for range 2 { // the second time it is remembered
			if err := p.Update(t.Context(), func(d *instrument.Draft) error { return read(d, "its own") }); err != nil {
				t.Errorf("control, %s: %v", name, err)
			}
			if err := p.Update(t.Context(), func(d *instrument.Draft) error { return read(d, "another's") }); fault.ReasonOf(err) != "seal-broken" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestAClaimWithAFlippedBit: a unique key whose blinded form was altered or removed leads to
// nobody, and could be claimed once more. Who reads the instrument that has it is refused.
func TestAClaimWithAFlippedBit(t *testing.T) {
	p := open(t)
	q := openFile(t)
	copied := manager(t, q.store, p.engine, tests()...)
	blinded := func(n int) []byte { return p.engine.Blind("purse/tag", strconv.Itoa(n)) }
	bits := 8 * len(blinded(0))
	for n := range bits + 2 {
		i := number("purse", n)
		i.Keys = map[string]string{"tag": strconv.Itoa(n)}
		row, err := p.store.Row(t.Context(), p.create(t, i))
		if err != nil {
			t.Fatal(err)
		}
		claim := instrument.BlindKey{Name: "tag", Blind: blinded(n)}
		row.Keys = []instrument.BlindKey{claim}
		switch {
		case n < bits:
			claim.Blind[n/8] ^= 1 << (n % 8)
		case n == bits:
			row.Keys = nil
		}
		if err := q.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Insert(row) }); err != nil {
			t.Fatal(err)
		}
		_, read := copied.View(t.Context(), row.ID)
		changed := copied.Update(t.Context(), add(row.ID, 1))
		_, leased := copied.Lease(t.Context(), "op", []instrument.ID{row.ID})
		for what, err := range map[string]error{"read": read, "changed": changed, "leased": leased} {
			if whole := n > bits; whole {
				wants(t, err, 0, "")
			} else if fault.ReasonOf(err) != "seal-broken" {
				t.Errorf("with bit %d flipped it is %s: %v", n, what, err)
			}
		}
		if now, err := q.store.Row(t.Context(), row.ID); n <= bits && (err != nil || now.Version != row.Version) {
			t.Errorf("with bit %d flipped it was touched: version %d, %v", n, now.Version, err)
		}
	}
}

// TestAKeyThatIsClaimedMeanwhile is not altered: who has read the instance before does not
// see the claim, and begins again.
func TestAKeyThatIsClaimedMeanwhile(t *testing.T) {
	p := open(t)
	id := p.create(t, number("pool", 1))
	var found []instrument.ID
	err := p.Update(t.Context(), func(d *instrument.Draft) error {
		if err := add(id, 1)(d); err != nil {
			return err
		}
		if len(found) == 0 {
			if err := p.Update(t.Context(), edit(id, func(i *instrument.Instance) { i.Keys = map[string]string{"tag": "x"} })); err != nil {
				return err
			}
		}
		at, err := d.Find("pool", "tag", "x")
		found = append(found, at)
		return err
	})
	if err != nil || len(found) != 2 || found[0] != id || found[1] != id || count(t, p.view(t, id)) != 2 {
		t.Errorf("%v, found %v", err, found)
	}
}

// TestForeignKey: another engine opens nothing and finds nothing.
func TestForeignKey(t *testing.T) {
	p := open(t)
	i := number("purse", 1)
	i.Keys = map[string]string{"tag": "a"}
	id := p.create(t, i)
	stranger := manager(t, p.store, newEngine(t), tests()...)
	_, err := stranger.View(t.Context(), id)
	wants(t, err, fault.Internal, "seal-broken")
	_, err = stranger.Find(t.Context(), "purse", "tag", "a")
	wants(t, err, fault.NotFound, "")
}

// TestMovedEntries: a journal entry under another number, or in another topic, is found.
func TestMovedEntries(t *testing.T) {
	p := open(t)
	if err := p.Update(t.Context(), func(d *instrument.Draft) error { return d.Append("receipts", "", 1) }); err != nil {
		t.Fatal(err)
	}
	rows, err := p.store.Entries(t.Context(), "receipts", instrument.Page{Limit: 1})
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	elsewhere := rows[0]
	elsewhere.Topic = "transfers"
	err = p.store.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
		seal := func(instrument.Seq) ([]byte, error) { return rows[0].Sealed, nil }
		_, err := w.Append(rows[0], seal)
		_, other := w.Append(elsewhere, seal)
		return errors.Join(err, other)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Journal(t.Context(), "receipts", instrument.Page{Limit: 1}); err != nil {
		t.Errorf("control: %v", err)
	}
	_, err = p.Journal(t.Context(), "receipts", instrument.Page{Limit: 2})
	wants(t, err, fault.Internal, "seal-broken")
	_, err = p.Journal(t.Context(), elsewhere.Topic, instrument.Page{Limit: 1})
	wants(t, err, fault.Internal, "seal-broken")
}
