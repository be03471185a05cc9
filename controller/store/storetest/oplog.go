package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func logPart(t *testing.T, s Store, runner string, n int, body string) error {
	t.Helper()
	return s.UpdateOperations(t.Context(), func(w protocol.Writer) error { return w.Log("op", runner, n, []byte(body)) })
}

func testLog(t *testing.T, s Store) {
	if err := begin(t, s, running("op")); err != nil {
		t.Fatal(err)
	}
	for n, body := range []string{"one", "two", "three"} {
		if err := logPart(t, s, "node/1", n+1, body); err != nil {
			t.Fatal(err)
		}
	}
	if r := known(logPart(t, s, "node/2", 4, "a stranger's")); r.ID != "op" {
		t.Errorf("another runner has written")
	}
	if err := logPart(t, s, "node/1", 3, "again"); err == nil {
		t.Error("a part was written twice")
	}
	read := func() [][]byte {
		t.Helper()
		log, err := s.OperationLog(t.Context(), "op")
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	if diff := cmp.Diff([][]byte{[]byte("one"), []byte("two"), []byte("three")}, read()); diff != "" {
		t.Errorf("log (-want +have):\n%s", diff)
	}
	for name, want := range map[string]int{"logged": 1, "other": 0} {
		f := protocol.Filter{State: protocol.Running, Logged: true}
		if name == "other" {
			f.State = protocol.Ended
		}
		if rows, err := s.OperationRows(t.Context(), f); err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
	err := s.UpdateOperations(t.Context(), func(w protocol.Writer) error {
		return errors.Join(w.EndOperation(ended(running("op"))), w.Forget("op"))
	})
	if err != nil || len(read()) != 0 {
		t.Errorf("after the end: %d parts, %v", len(read()), err)
	}
}

func testTakeOver(t *testing.T, s Store) {
	from := running("op")
	if err := begin(t, s, from); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var won []string
	var all sync.WaitGroup
	for _, me := range []string{"node/2", "node/3", "node/4"} {
		all.Go(func() {
			mine := from
			mine.Runner, mine.Sealed = me, []byte("sealed by "+me)
			err := s.UpdateOperations(t.Context(), func(w protocol.Writer) error { return w.TakeOver(mine, from) })
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, me)
			} else if known(err).ID != "op" {
				t.Errorf("%s: %v", me, err)
			}
		})
	}
	all.Wait()
	r, err := s.OperationRow(t.Context(), "op")
	if err != nil || len(won) != 1 || r.Runner != won[0] || string(r.Sealed) != "sealed by "+won[0] {
		t.Fatalf("taken over by %q; the row is %s's with %q, %v", won, r.Runner, r.Sealed, err)
	}
	if known(end(t, s, ended(from))).Runner != won[0] {
		t.Error("who lost it has ended it")
	}
	if known(logPart(t, s, "node/1", 1, "late")).Runner != won[0] {
		t.Error("who lost it has written")
	}
}

// An operation that has ended keeps its time when somebody takes its last words.
func testTakeOverOfEnded(t *testing.T, s Store) {
	from := ended(running("op"))
	if err := begin(t, s, from); err != nil {
		t.Fatal(err)
	}
	mine := from
	mine.Runner = "node/2"
	if err := s.UpdateOperations(t.Context(), func(w protocol.Writer) error { return w.TakeOver(mine, from) }); err != nil {
		t.Fatal(err)
	}
	r, err := s.OperationRow(t.Context(), "op")
	if diff := cmp.Diff(mine, r); err != nil || diff != "" {
		t.Errorf("%v (-want +have):\n%s", err, diff)
	}
}

func testHeard(t *testing.T, s Store) {
	for _, o := range []struct {
		id    instrument.OperationID
		peer  string
		side  protocol.Side
		state protocol.State
	}{
		{"mine", "gary", protocol.Servicer, protocol.Ended},
		{"open", "gary", protocol.Servicer, protocol.Running},
		{"begun", "gary", protocol.Initiator, protocol.Ended},
		{"other", "bea", protocol.Servicer, protocol.Ended},
		{"rest", "", protocol.Servicer, protocol.Ended},
	} {
		r := running(o.id)
		r.Peer, r.Side, r.State = o.peer, o.side, o.state
		if err := begin(t, s, r); err != nil {
			t.Fatal(err)
		}
	}
	unheard := func(peer string) []instrument.OperationID {
		t.Helper()
		rows, err := s.OperationRows(t.Context(), protocol.Filter{Peer: peer, Unheard: true})
		if err != nil {
			t.Fatal(err)
		}
		ids := []instrument.OperationID{}
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return ids
	}
	same := func(what string, have []instrument.OperationID, want ...instrument.OperationID) {
		t.Helper()
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-want +have):\n%s", what, diff)
		}
	}
	same("gary's", unheard("gary"), "open", "mine")
	err := s.UpdateOperations(t.Context(), func(w protocol.Writer) error {
		return errors.Join(w.Heard("gary", "mine"), w.Heard("gary", "open"), w.Heard("gary", "other"), w.Heard("gary", "nothing"))
	})
	if err != nil {
		t.Fatal(err)
	}
	same("gary's later", unheard("gary"), "open")
	same("bea's", unheard("bea"), "other")
}
