package instrument_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

func TestIDs(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ids []instrument.ID
	for n := range 100 {
		id, err := instrument.NewID(now.Add(time.Duration(n)*time.Millisecond), rand.Reader)
		if err != nil || instrument.CheckID(id) != nil || len(id) != 26 {
			t.Fatalf("id %q, %v", id, err)
		}
		if made := now.Add(time.Duration(n) * time.Millisecond); !id.Made().Equal(made) {
			t.Errorf("%s was made at %v, not %v", id, id.Made(), made)
		}
		ids = append(ids, id)
	}
	if !instrument.ID("wallet").Made().IsZero() {
		t.Error("what is no id was made at some time")
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("later ids do not sort later, or repeat")
	}
	same := func() instrument.ID {
		id, err := instrument.NewID(now, bytes.NewReader(make([]byte, 10)))
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	if first, second := same(), same(); first != second {
		t.Error("the same time and dice make different ids")
	}
	if _, err := instrument.NewID(now, bytes.NewReader(nil)); err == nil {
		t.Error("an id was made without random bytes")
	}
}

func FuzzCheckID(f *testing.F) {
	for _, seed := range []string{"", "00000000000000000000000000", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "0000000000000000000000000O", "../../etc/passwd"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if instrument.CheckID(instrument.ID(text)) != nil {
			return
		}
		if len(text) != 26 {
			t.Errorf("%q is taken for an id", text)
		}
		for _, c := range text {
			if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				t.Errorf("%q is taken for an id", text)
			}
		}
	})
}
