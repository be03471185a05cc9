package protocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// door is a host that a test has written down: it keeps the exchanges and gives
// the answers in turn.
type door struct {
	answers []protocol.Answer
	got     [][]protocol.Step
	err     error
}

func (d *door) Exchange(_ context.Context, steps []protocol.Step) (protocol.Answer, error) {
	d.got = append(d.got, slices.Clone(steps))
	if len(d.answers) == 0 {
		return protocol.Answer{Done: true}, d.err
	}
	a := d.answers[0]
	d.answers = d.answers[1:]
	return a, nil
}

// kinds is the exchanges as text: kinds and numbers of the steps.
func (d *door) kinds() (out string) {
	for _, steps := range d.got {
		for _, st := range steps {
			out += fmt.Sprintf(" %d:%d", st.N, st.Kind)
		}
		out += " |"
	}
	return out
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func begin(leased ...instrument.Instance) protocol.Begin {
	return protocol.Begin{Op: opA, Protocol: "test", Side: protocol.Initiator, Seed: make([]byte, 32), Now: noon, Leased: leased, Call: call("DO")}
}

func run(d protocol.Door, b protocol.Begin, f side) error {
	return protocol.Run(context.Background(), does(f), b, d, slog.New(slog.DiscardHandler))
}

func purse(n int) instrument.Instance {
	i := instance("purse", state{N: n})
	i.ID, i.Version = "00000000000000000000000000", 3
	return i
}

// TestStepsRide shows which steps go together: one exchange for a plain
// operation.
func TestStepsRide(t *testing.T) {
	lent := purse(1)
	for _, c := range []struct {
		name    string
		code    side
		answers []protocol.Answer
		want    string
	}{
		{"updates of what is leased go with the result", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("x"), errors.Join(s.Update(ctx, add(lent.ID, 1)), s.Update(ctx, add(lent.ID, 1)))
		}, nil, " 1:2 2:2 3:3 |"},
		{"a read takes nothing along but what rode", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("x"), errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2))
		}, []protocol.Answer{{Message: raw(1)}}, " 1:1 2:4 | 3:1 4:3 |"},
		{"a read of another instance asks, before its Update has a number", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, add("other", 1))
		}, []protocol.Answer{{Instance: &lent}}, " 1:8 | 2:2 3:3 |"},
		{"an Update that writes nothing is no step", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			return text("x"), s.Update(ctx, func(tx instrument.Tx) error { _, err := tx.Get(lent.ID); return err })
		}, nil, " 1:3 |"},
		{"an Update that fails is no step", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			_ = s.Update(ctx, func(tx instrument.Tx) error { return errors.Join(add(lent.ID, 1)(tx), errors.New("no")) })
			return text("x"), nil
		}, nil, " 1:3 |"},
		{"what was born is remembered", func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var id instrument.ID
			err := s.Update(ctx, func(tx instrument.Tx) (err error) { id, err = tx.Create(purse(1)); return err })
			return text("x"), errors.Join(err, s.Update(ctx, add(id, 1)))
		}, nil, " 1:2 2:2 3:3 |"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &door{answers: c.answers}
			if err := run(d, begin(lent), c.code); err != nil {
				t.Fatal(err)
			}
			if got := d.kinds(); got != c.want {
				t.Errorf("the exchanges are%s wanted%s", got, c.want)
			}
		})
	}
}

// TestVersions shows that the code sees its own writes, each as one version.
func TestVersions(t *testing.T) {
	d := &door{}
	lent := purse(1)
	err := run(d, begin(lent), func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		for range 3 {
			err := s.Update(ctx, func(tx instrument.Tx) error { return errors.Join(add(lent.ID, 1)(tx), add(lent.ID, 10)(tx)) })
			if err != nil {
				return protocol.Result{}, err
			}
		}
		return text("x"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, st := range d.got[0][:3] {
		var have state
		if err := st.Writes[0].Decode(&have); err != nil || len(st.Writes) != 1 || st.Writes[0].Version != int64(3+n) || have.N != 12+11*n {
			t.Errorf("step %d writes %+v", st.N, st.Writes)
		}
	}
}

// TestRewind shows that the code runs again from the top, with the same dice and
// ids, is told what did not go well, and writes into the log once.
func TestRewind(t *testing.T) {
	var log bytes.Buffer
	var dice, ids []string
	var told []error
	refused := fault.New(fault.Conflict, "taken").Because("tag-taken")
	again := begin()
	again.Outcomes = map[int]*fault.Fault{1: refused}
	again.Recorded = 2
	d := &door{answers: []protocol.Answer{
		{Message: raw("hello"), Now: noon.Add(time.Second)},
		{Rewind: &again},
		{Message: raw("hello"), Now: noon.Add(time.Second)},
		{Done: true},
	}}
	code := does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		s.Log().Info("begins")
		dice = append(dice, fmt.Sprintf("%x", s.Random(8)))
		var id instrument.ID
		told = append(told, s.Update(ctx, func(tx instrument.Tx) (err error) { id, err = tx.Create(purse(1)); return err }))
		ids = append(ids, string(id))
		if !s.Now().Equal(noon) {
			t.Errorf("it begins at %v", s.Now())
		}
		if err := s.Recv(ctx, nil); err != nil {
			return protocol.Result{}, err
		}
		if !s.Now().Equal(noon.Add(time.Second)) {
			t.Errorf("after the answer it is %v", s.Now())
		}
		s.Log().Info("goes on")
		return text("x"), nil
	})
	if err := protocol.Run(t.Context(), code, begin(), d, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
		t.Fatal(err)
	}
	if len(dice) != 2 || dice[0] != dice[1] || ids[0] != ids[1] || ids[0] == "" {
		t.Errorf("dice %v, ids %v", dice, ids)
	}
	if told[0] != nil || !errors.Is(told[1], fault.Conflict) || fault.ReasonOf(told[1]) != "tag-taken" {
		t.Errorf("told %v", told)
	}
	if begins := bytes.Count(log.Bytes(), []byte("begins")); begins != 1 {
		t.Errorf("the log says %d times that it begins", begins)
	}
}

// TestDiceDiffer shows that the stream goes on, and depends on the seed only.
func TestDiceDiffer(t *testing.T) {
	throw := func(seed byte) (out []string) {
		b := begin()
		b.Seed = bytes.Repeat([]byte{seed}, 32)
		err := run(&door{}, b, func(_ context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			out = []string{fmt.Sprintf("%x", s.Random(16)), fmt.Sprintf("%x", s.Random(16)), fmt.Sprintf("%x", s.Random(0))}
			return text("x"), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	a, b := throw(1), throw(2)
	if a[0] == a[1] || a[0] == b[0] || a[2] != "" || !slices.Equal(a, throw(1)) {
		t.Errorf("%v, %v", a, b)
	}
}

// TestRunEnds shows how a run ends when the host says so, whatever the code makes
// of it.
func TestRunEnds(t *testing.T) {
	stubborn := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		for range 10 { // does not listen
			_ = s.Recv(ctx, nil)
			_ = s.Send(ctx, 1)
			_ = s.Update(ctx, func(tx instrument.Tx) error { _, err := tx.Create(purse(1)); return err })
		}
		return text("success"), nil
	}
	for _, c := range []struct {
		name string
		door *door
		kind fault.Kind
	}{
		{"suspended", &door{answers: []protocol.Answer{{Suspended: true}}}, fault.Suspended},
		{"done by an earlier run", &door{answers: []protocol.Answer{{Done: true}}}, 0},
		{"the door fails", &door{err: fault.New(fault.Unavailable, "the host is gone")}, fault.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			wants(t, run(c.door, begin(), stubborn), c.kind, "")
			if len(c.door.got) != 1 {
				t.Errorf("%d exchanges after the end", len(c.door.got)-1)
			}
		})
	}
}

// TestAnswersWithoutContent: a host that answers nothing makes no nil of it.
func TestAnswersWithoutContent(t *testing.T) {
	for name, step := range map[string]func(context.Context, protocol.Session) error{
		"Fetch": func(ctx context.Context, s protocol.Session) error {
			_, err := s.Fetch(ctx, protocol.Request{})
			return err
		},
		"Get": func(ctx context.Context, s protocol.Session) error {
			return s.Update(ctx, func(tx instrument.Tx) error { _, err := tx.Get("x"); return err })
		},
		"Recv": func(ctx context.Context, s protocol.Session) error { var v int; return s.Recv(ctx, &v) },
	} {
		t.Run(name, func(t *testing.T) {
			d := &door{answers: []protocol.Answer{{}}}
			err := run(d, begin(), func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				if err := step(ctx, s); err == nil {
					t.Error("it went well")
				}
				return text("x"), nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestACallWithoutItsInstrument is a fault of the call, and never reaches a door: a
// plugin that asked for an instrument of no name would be ended.
func TestACallWithoutItsInstrument(t *testing.T) {
	d := &door{}
	err := run(d, begin(), func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		err := s.Update(ctx, func(tx instrument.Tx) error { _, err := tx.Get(c.Main()); return err })
		if fault.KindOf(err) != fault.Invalid || fault.ReasonOf(err) != "instrument-missing" {
			t.Errorf("%v", err)
		}
		return text("x"), nil
	})
	if err != nil || len(d.got) != 1 || len(d.got[0]) != 1 || d.got[0][0].Kind != protocol.StepResult {
		t.Errorf("%v, after %s", err, d.kinds())
	}
	serving := begin()
	serving.Side = protocol.Servicer
	err = run(&door{}, serving, func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		err := s.Update(ctx, func(tx instrument.Tx) error { _, err := tx.Get(c.Main()); return err })
		if f := fault.From(err); f == nil || f.Reason != "instrument-missing" || strings.Contains(f.Message, "which") || !strings.Contains(f.Hint, "author") {
			t.Errorf("the initiator's person reads %+v", f)
		}
		return text("x"), nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAnOperationWithoutArguments(t *testing.T) {
	for args, reason := range map[string]fault.Reason{
		"": "", "null": "", "{}": "", `{"amount":"CHF:7"}`: "argument-unknown", `{"b":1,"a":null}`: "argument-unknown", "[1]": "message-malformed", "{": "message-malformed",
	} {
		c := protocol.Call{Operation: protocol.Pay, Args: json.RawMessage(args)}
		if err := c.NoArguments(); fault.ReasonOf(err) != reason || (err == nil) != (reason == "") {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// Who forgot the arguments is told which one is missing, by the operation, and not that
// none can be read.
func TestArgumentsThatWereNotGiven(t *testing.T) {
	v := struct {
		Currency string `json:"currency"`
	}{"none"}
	if err := (protocol.Call{Operation: "OPEN"}).Arguments(&v); err != nil || v.Currency != "none" {
		t.Errorf("%q, %v", v.Currency, err)
	}
	err := protocol.Call{Operation: "OPEN", Args: json.RawMessage(`{"currency":7}`)}.Arguments(&v)
	if fault.ReasonOf(err) != "message-malformed" || !strings.Contains(fault.From(err).Hint, "arguments that OPEN takes") {
		t.Errorf("of another type: %v — %s", err, fault.From(err).Hint)
	}
}

// FuzzArguments: a call's arguments are foreign bytes.
func FuzzArguments(f *testing.F) {
	for _, seed := range []string{"", "{}", `{"a":1}`, `{"a":1,"a":2}`, "[", `"\ud800"`, "1e999", "{\"b\":1}{}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, args []byte) {
		var v map[string]any
		err := protocol.Call{Operation: "DO", Args: args}.Arguments(&v)
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", args, err)
		}
		if again, err := protocol.Canonical(args); err == nil {
			if twice, err := protocol.Canonical(again); err != nil || !bytes.Equal(again, twice) || !json.Valid(args) {
				t.Errorf("%q is written %s, then %s, %v", args, again, twice, err)
			}
		}
	})
}
