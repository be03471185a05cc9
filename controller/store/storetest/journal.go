package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func testNumbers(t *testing.T, s Store) {
	var got []instrument.Seq
	update(t, s, func(w instrument.Writer) error {
		for _, topic := range []instrument.Topic{"incoming", "incoming", "outgoing", "incoming"} {
			var inside instrument.Seq
			seq, err := w.Append(entry(topic), func(n instrument.Seq) ([]byte, error) {
				inside = n
				return plain(n)
			})
			if err != nil {
				return err
			}
			if seq != inside {
				t.Errorf("sealed as %d, given %d", inside, seq)
			}
			got = append(got, seq)
		}
		return nil
	})
	if diff := cmp.Diff([]instrument.Seq{1, 2, 1, 3}, got); diff != "" {
		t.Errorf("numbers (-want +have):\n%s", diff)
	}
	want := entry("incoming")
	want.Seq, want.Sealed = 2, []byte{0, 2}
	if diff := cmp.Diff(want, entries(t, s, "incoming", instrument.Page{Limit: 5})[1]); diff != "" {
		t.Errorf("entry (-want +have):\n%s", diff)
	}
	bare := instrument.EntryRow{Topic: want.Topic, Seq: want.Seq, Sealed: want.Sealed}
	if diff := cmp.Diff(bare, entries(t, s, "incoming", instrument.Page{Limit: 5, Bare: true})[1]); diff != "" {
		t.Errorf("bare entry (-want +have):\n%s", diff)
	}
	update(t, s, func(w instrument.Writer) error {
		_, err := w.Append(entry("bare"), func(instrument.Seq) ([]byte, error) { return nil, nil })
		return err
	})
	if got := entries(t, s, "bare", instrument.Page{Limit: 1})[0].Sealed; got != nil {
		t.Errorf("an entry without a body has %q", got)
	}
	if got := entries(t, s, "unheard-of", instrument.Page{Limit: 5}); len(got) != 0 {
		t.Errorf("a topic without entries has %v", got)
	}
}

// testSkips leaves out numbers: forwards only, not by a unit that fails, and what
// comes then goes on behind them.
func testSkips(t *testing.T, s Store) {
	const topic = "incoming"
	one := func(w instrument.Writer) (instrument.Seq, error) { return w.Append(entry(topic), plain) }
	next := func() (n instrument.Seq) {
		t.Helper()
		update(t, s, func(w instrument.Writer) (err error) { n, err = one(w); return err })
		return n
	}
	skip := func(to instrument.Seq) error {
		return s.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return w.Skip(topic, to) })
	}
	if n := next(); n != 1 {
		t.Fatalf("the first is %d", n)
	}
	if err := skip(2); err != nil {
		t.Errorf("to the next one: %v", err)
	}
	failed := errors.New("no")
	if err := s.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
		if err := w.Skip(topic, 50); err != nil {
			return err
		}
		return failed
	}); !errors.Is(err, failed) {
		t.Error(err)
	}
	if n := next(); n != 2 {
		t.Errorf("after a unit that failed comes %d", n)
	}
	for _, to := range []instrument.Seq{5000, 5000} { // the same again changes nothing
		if err := skip(to); err != nil {
			t.Errorf("to %d: %v", to, err)
		}
	}
	for _, to := range []instrument.Seq{0, 1, 2, 4999, 1 << 63} {
		if err := skip(to); fault.ReasonOf(err) != "number-taken" {
			t.Errorf("to %d: %v", to, err)
		}
	}
	if n := next(); n != 5000 {
		t.Errorf("after 4999 comes %d", n)
	}
	skips, err := s.Skips(t.Context(), topic)
	if diff := cmp.Diff([]instrument.Skip{{First: 3, Next: 5000}}, skips); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	var seen []instrument.Seq
	for _, e := range entries(t, s, topic, instrument.Page{After: 1, Limit: 5}) {
		seen = append(seen, e.Seq)
	}
	if diff := cmp.Diff([]instrument.Seq{2, 5000}, seen); diff != "" {
		t.Errorf("a reader sees %s", diff)
	}
	if skips, err := s.Skips(t.Context(), "outgoing"); len(skips) != 0 || err != nil {
		t.Errorf("of another topic %v, %v", skips, err)
	}
}

// testDense appends from many writers of which some fail, before and after
// their entry, or as they seal it.
func testDense(t *testing.T, s Store) {
	const writers, rounds = 16, 30
	kept := 0
	for r := range rounds {
		if r%5 < 2 {
			kept += writers
		}
	}
	var wg sync.WaitGroup
	for g := range writers {
		wg.Go(func() {
			for r := range rounds {
				err := s.UpdateInstruments(t.Context(), func(w instrument.Writer) error { return appendOr(w, r%5) })
				if kept := r%5 < 2; (err == nil) != kept {
					t.Errorf("writer %d, round %d: %v", g, r, err)
				}
			}
		})
	}
	wg.Wait()
	dense(t, s, "t", kept+kept/2) // every second one appended twice
}

// appendOr appends in one of five ways, of which the first two succeed.
func appendOr(w instrument.Writer, way int) error {
	switch way {
	case 3: // the second seal fails, and the unit with it
		if _, err := w.Append(entry("t"), plain); err != nil {
			return err
		}
		_, err := w.Append(entry("t"), func(instrument.Seq) ([]byte, error) { return nil, errRefused })
		return err
	case 4: // a panic between two numbers
		if _, err := w.Append(entry("t"), plain); err != nil {
			return err
		}
		_, err := w.Append(entry("t"), func(instrument.Seq) ([]byte, error) { panic("a defect") })
		return err
	}
	if _, err := w.Append(entry("t"), plain); err != nil {
		return err
	}
	if way == 0 {
		return nil
	}
	if _, err := w.Append(entry("t"), plain); err != nil || way == 1 {
		return err
	}
	return errRefused // two numbers are given back
}

// testFollower reads a topic by number, as an exchange reads its incoming
// payments, while 16 writers append and some of their units fail.
func testFollower(t *testing.T, s Store) {
	const writers, each = 16, 40
	var wg sync.WaitGroup
	for g := range writers {
		wg.Go(func() {
			for i := range each {
				name := instrument.ID(fmt.Sprintf("%02d-%03d", g, i))
				for _, fails := range []bool{true, false} {
					err := s.UpdateInstruments(t.Context(), func(w instrument.Writer) error {
						e := entry("t")
						e.Instance = name
						if _, err := w.Append(e, plain); err != nil {
							return err
						}
						if fails {
							return errRefused
						}
						return nil
					})
					if !fails && err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()

	seen := make(map[instrument.ID]bool)
	mark := instrument.Seq(0)
	for last := false; ; {
		page := entries(t, s, "t", instrument.Page{After: mark, Limit: 7})
		for _, e := range page {
			if e.Seq != mark+1 {
				t.Fatalf("number %d follows %d", e.Seq, mark)
			}
			if seen[e.Instance] {
				t.Fatalf("%s was seen twice", e.Instance)
			}
			seen[e.Instance] = true
			mark = e.Seq
		}
		if last && len(page) == 0 {
			break
		}
		select {
		case <-done:
			last = true
		default:
		}
	}
	if len(seen) != writers*each {
		t.Errorf("saw %d of %d", len(seen), writers*each)
	}
}

func testPages(t *testing.T, s Store) {
	update(t, s, func(w instrument.Writer) error {
		for _, topic := range []instrument.Topic{"a", "t", "t", "t", "t", "t", "z"} {
			if _, err := w.Append(entry(topic), plain); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range []struct {
		name string
		page instrument.Page
		want []instrument.Seq
	}{
		{"from the start", instrument.Page{Limit: 2}, []instrument.Seq{1, 2}},
		{"after a number", instrument.Page{After: 2, Limit: 2}, []instrument.Seq{3, 4}},
		{"fewer than the limit", instrument.Page{After: 4, Limit: 2}, []instrument.Seq{5}},
		{"after the last", instrument.Page{After: 5, Limit: 2}, nil},
		{"after a huge number", instrument.Page{After: 1<<64 - 1, Limit: 2}, nil},
		{"from the end", instrument.Page{Limit: 2, Reverse: true}, []instrument.Seq{5, 4}},
		{"before a number", instrument.Page{After: 4, Limit: 2, Reverse: true}, []instrument.Seq{3, 2}},
		{"before the first", instrument.Page{After: 1, Limit: 2, Reverse: true}, nil},
		{"before a huge number", instrument.Page{After: 1<<64 - 1, Limit: 1, Reverse: true}, []instrument.Seq{5}},
		{"all, reversed", instrument.Page{Limit: 50, Reverse: true}, []instrument.Seq{5, 4, 3, 2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []instrument.Seq
			for _, e := range entries(t, s, "t", c.page) {
				got = append(got, e.Seq)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("numbers (-want +have):\n%s", diff)
			}
		})
	}
	for _, limit := range []int{0, -1} {
		if _, err := s.Entries(t.Context(), "t", instrument.Page{Limit: limit}); !errors.Is(err, fault.Invalid) {
			t.Errorf("page of %d: %v", limit, err)
		}
	}
}
