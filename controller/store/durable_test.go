package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

// blocked is printed by a process that stands just before a COMMIT for ever.
const blocked = "blocked before a commit"

// A process acknowledges an id by printing it: after its update has returned,
// or, for the control, as soon as the unit has written it.
const (
	afterUpdate = false
	insideUnit  = true
)

// acknowledge is the part of the process that is killed. It writes for ever.
func acknowledge(path string, early bool) error {
	commits := 0
	db, err := store.Open(context.Background(), path, store.Options{BeforeCommit: func(int) error {
		if commits++; commits == 40 {
			fmt.Println(blocked)
			select {}
		}
		return nil
	}})
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := instrument.ID(fmt.Sprintf("%d-%d", g, i))
				if err := db.UpdateInstruments(context.Background(), func(w instrument.Writer) error {
					err := smallUnit(id)(w)
					if early {
						fmt.Println(id)
					}
					return err
				}); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				if !early {
					fmt.Println(id)
				}
			}
		})
	}
	wg.Wait()
	return nil
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	for _, c := range []struct {
		name string
		part string
		acks int // kill after so many, or where it blocks if zero
		lost bool
	}{
		{"at the first acknowledgement", "acknowledge", 1, false},
		{"in full run", "acknowledge", 77, false},
		{"just before a commit", "acknowledge", 0, false},
		{"control: acknowledged before the commit", "acknowledge early", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "s.db")
			lost := missing(t, path, killed(t, c.part, path, c.acks))
			if (len(lost) > 0) != c.lost {
				t.Errorf("acknowledged and lost: %v", lost)
			}
		})
	}
}

// killed runs a part, kills it, and tells which ids it had acknowledged.
func killed(t *testing.T, part, path string, acks int) (ids []instrument.ID) {
	t.Helper()
	p := start(t, part, path)
	for p.lines.Scan() && p.lines.Text() != blocked {
		ids = append(ids, instrument.ID(p.lines.Text()))
		if len(ids) == acks {
			break
		}
	}
	p.kill()
	rest, _ := p.wait()
	for _, line := range rest {
		if line != blocked {
			ids = append(ids, instrument.ID(line))
		}
	}
	if len(ids) == 0 {
		t.Fatal("the process acknowledged nothing")
	}
	return ids
}

// missing opens the database after the kill and tells which rows are not there.
// Rows and journal must agree, as each unit wrote one of both.
func missing(t *testing.T, path string, ids []instrument.ID) (lost []instrument.ID) {
	t.Helper()
	db := openFile(t, path, store.Options{})
	rows, err := db.Rows(t.Context(), instrument.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[instrument.ID]bool)
	for _, r := range rows {
		there[r.ID] = true
	}
	for _, id := range ids {
		if !there[id] {
			lost = append(lost, id)
		}
	}
	checkDense(t, db, len(rows))
	return lost
}

// checkDense fails unless the topic of smallUnit holds the numbers 1 to n.
func checkDense(t *testing.T, db *store.DB, n int) {
	t.Helper()
	list, err := db.Entries(t.Context(), instrument.Operations, instrument.Page{Limit: n + 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != n {
		t.Errorf("%d entries, want %d", len(list), n)
	}
	for i, e := range list {
		if e.Seq != instrument.Seq(i+1) {
			t.Fatalf("entry %d has number %d", i+1, e.Seq)
		}
	}
}
