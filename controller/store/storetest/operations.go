package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func running(id instrument.OperationID) protocol.Row {
	return protocol.Row{
		ID: id, Side: protocol.Initiator, State: protocol.Running, Protocol: "coupon.redeem", Operation: "PAY",
		Class: "coupon", Principal: "gary", Peer: "peer-key", Runner: "node/1", Digest: []byte("digest"),
		Begun: noon(), Sealed: []byte("call"),
	}
}

func ended(r protocol.Row) protocol.Row {
	r.State, r.Ended, r.Sealed = protocol.Ended, noon().Add(time.Second), []byte("call and outcome")
	return r
}

func begin(t *testing.T, s Store, r protocol.Row) error {
	t.Helper()
	return s.UpdateOperations(t.Context(), func(w protocol.Writer) error { return w.BeginOperation(r) })
}

func end(t *testing.T, s Store, r protocol.Row) error {
	t.Helper()
	return s.UpdateOperations(t.Context(), func(w protocol.Writer) error { return w.EndOperation(r) })
}

// known is the row that was in the way, if that is the outcome.
func known(err error) protocol.Row {
	if k, ok := errors.AsType[*protocol.Known](err); ok {
		return k.Row
	}
	return protocol.Row{}
}

func testOperation(t *testing.T, s Store) {
	same := func(what string, want, have protocol.Row) {
		t.Helper()
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-want +have):\n%s", what, diff)
		}
	}
	stored := func() protocol.Row {
		t.Helper()
		r, err := s.OperationRow(t.Context(), "op")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := running("op")
	if err := begin(t, s, first); err != nil {
		t.Fatal(err)
	}
	same("begun", first, stored())

	again := running("op")
	again.Digest = []byte("another call")
	same("begun twice", first, known(begin(t, s, again)))

	stranger := ended(first)
	stranger.Runner = "node/2"
	same("ended by another runner", first, known(end(t, s, stranger)))
	same("after refusals", first, stored())

	if err := end(t, s, ended(first)); err != nil {
		t.Fatal(err)
	}
	same("ended", ended(first), stored())
	same("ended twice", ended(first), known(end(t, s, ended(first))))
	same("begun after its end", ended(first), known(begin(t, s, first)))

	if _, err := s.OperationRow(t.Context(), "unknown"); !errors.Is(err, fault.NotFound) {
		t.Errorf("unknown operation: %v", err)
	}
	if err := end(t, s, ended(running("unknown"))); !errors.Is(err, fault.NotFound) {
		t.Errorf("end of an unknown operation: %v", err)
	}
	whole := ended(running("at-once")) // an operation that asks nothing outside
	if err := begin(t, s, whole); err != nil {
		t.Fatal(err)
	}
	same("begun again", whole, known(begin(t, s, running("at-once"))))
}

func testOperationUnit(t *testing.T, s Store) {
	unit := func(w protocol.Writer) error {
		if err := w.Insert(coupon("a")); err != nil {
			return err
		}
		return w.BeginOperation(running("op"))
	}
	refused := func(w protocol.Writer) error {
		if err := unit(w); err != nil {
			return err
		}
		return errRefused
	}
	if err := s.UpdateOperations(t.Context(), refused); !errors.Is(err, errRefused) {
		t.Fatalf("outcome: %v", err)
	}
	if _, err := s.OperationRow(t.Context(), "op"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the operation of a failed unit: %v", err)
	}
	if err := s.UpdateOperations(t.Context(), unit); err != nil {
		t.Fatal(err)
	}
	// A repetition writes nothing, also of what came before it was found out.
	again := func(w protocol.Writer) error {
		if err := w.Insert(coupon("b")); err != nil {
			return err
		}
		return w.BeginOperation(running("op"))
	}
	if got := known(s.UpdateOperations(t.Context(), again)); got.ID != "op" {
		t.Errorf("repetition: %v", got)
	}
	if _, err := s.Row(t.Context(), "b"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the repetition has written: %v", err)
	}
}

func testOperations(t *testing.T, s Store) {
	for _, o := range []struct {
		id     instrument.OperationID
		runner string
		state  protocol.State
		class  instrument.ClassID
	}{
		{"aa-1", "node/1", protocol.Ended, "coin"},
		{"ab-2", "node/1", protocol.Running, "purse"},
		{"ab-3", "node/2", protocol.Running, "coin"},
		{"b%-4", "node/2", protocol.Stuck, "coin"},
		{"b_-5", "node/3", protocol.Ended, "coin"},
	} {
		r := running(o.id)
		r.Runner, r.Class = o.runner, o.class
		if err := begin(t, s, r); err != nil {
			t.Fatal(err)
		}
		if r.State = o.state; r.State == protocol.Running {
			continue
		}
		if err := end(t, s, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		filter protocol.Filter
		want   []instrument.OperationID
	}{
		{"all", protocol.Filter{}, []instrument.OperationID{"b_-5", "b%-4", "ab-3", "ab-2", "aa-1"}},
		{"newest two", protocol.Filter{Limit: 2}, []instrument.OperationID{"b_-5", "b%-4"}},
		{"running", protocol.Filter{State: protocol.Running}, []instrument.OperationID{"ab-3", "ab-2"}},
		{"stuck", protocol.Filter{State: protocol.Stuck}, []instrument.OperationID{"b%-4"}},
		{"ended", protocol.Filter{State: protocol.Ended}, []instrument.OperationID{"b_-5", "aa-1"}},
		{"mine", protocol.Filter{Runner: "node/1"}, []instrument.OperationID{"ab-2", "aa-1"}},
		{"running and not mine", protocol.Filter{State: protocol.Running, Runner: "node/1", NotRunner: true}, []instrument.OperationID{"ab-3"}},
		{"running and of nobody", protocol.Filter{State: protocol.Running, NotRunner: true}, []instrument.OperationID{"ab-3", "ab-2"}},
		{"of a class", protocol.Filter{Class: "purse"}, []instrument.OperationID{"ab-2"}},
		{"prefix", protocol.Filter{Prefix: "ab"}, []instrument.OperationID{"ab-3", "ab-2"}},
		{"prefix of no pattern", protocol.Filter{Prefix: "b%"}, []instrument.OperationID{"b%-4"}},
		{"whole id", protocol.Filter{Prefix: "aa-1"}, []instrument.OperationID{"aa-1"}},
		{"no such prefix", protocol.Filter{Prefix: "c"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := s.OperationRows(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []instrument.OperationID
			for _, r := range list {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ids (-want +have):\n%s", diff)
			}
		})
	}
}
