package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestWhatIsToldAheadIsNotAsked shows which steps go without a turn of their own: only the next
// one, and only just what was told.
func TestWhatIsToldAheadIsNotAsked(t *testing.T) {
	later, told, other := noon.Add(time.Hour), purse(7), purse(7)
	other.ID = "other"
	hear := func(ctx context.Context, s protocol.Session) (n int, err error) { err = s.Recv(ctx, &n); return n, err }
	read := func(ctx context.Context, s protocol.Session, id instrument.ID) (n int, err error) {
		err = s.Update(ctx, edit(id, func(_ *instrument.Instance, st *state) { n = st.N }))
		return n, err
	}
	message, of := &protocol.Ahead{Now: later, Message: raw(7)}, &protocol.Ahead{Now: later, Instance: &told}
	for name, row := range map[string]struct {
		ahead   *protocol.Ahead
		code    func(ctx context.Context, s protocol.Session) (int, error)
		answers []protocol.Answer
		want    string
		at      time.Time
	}{
		"a message": {message, hear, nil, " 1:4 2:3 |", later},
		"a message, behind one of ours": {message, func(ctx context.Context, s protocol.Session) (int, error) {
			return first(hear(ctx, s))(s.Send(ctx, 1))
		}, nil, " 1:4 2:1 3:3 |", later},
		"a message that is not the next step": {message, func(ctx context.Context, s protocol.Session) (int, error) {
			if err := s.Send(ctx, 1); err != nil {
				return 0, err
			}
			return hear(ctx, s)
		}, []protocol.Answer{{Now: noon, Message: raw(7)}}, " 1:1 2:4 | 3:3 |", noon},
		"an instance":      {of, func(ctx context.Context, s protocol.Session) (int, error) { return read(ctx, s, told.ID) }, nil, " 1:8 2:2 3:3 |", later},
		"another instance": {of, func(ctx context.Context, s protocol.Session) (int, error) { return read(ctx, s, other.ID) }, []protocol.Answer{{Now: noon, Instance: &other}}, " 1:8 | 2:2 3:3 |", noon},
		"no message":       {of, hear, []protocol.Answer{{Now: noon, Message: raw(7)}}, " 1:4 | 2:3 |", noon},
		"with an answer": {nil, func(ctx context.Context, s protocol.Session) (int, error) {
			if _, err := hear(ctx, s); err != nil {
				return 0, err
			}
			return read(ctx, s, told.ID)
		}, []protocol.Answer{{Now: noon, Message: raw(1), Ahead: of}}, " 1:4 | 2:8 3:2 4:3 |", later},
		"once": {message, func(ctx context.Context, s protocol.Session) (int, error) {
			if _, err := hear(ctx, s); err != nil {
				return 0, err
			}
			return hear(ctx, s)
		}, []protocol.Answer{{Now: noon, Message: raw(7)}}, " 1:4 2:4 | 3:3 |", noon},
	} {
		t.Run(name, func(t *testing.T) {
			d := &door{answers: row.answers}
			b := begin()
			b.Ahead = row.ahead
			err := run(d, b, func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				n, err := row.code(ctx, s)
				if n != 7 || !s.Now().Equal(row.at) {
					t.Errorf("%d at %v", n, s.Now())
				}
				return text(n), err
			})
			if got := d.kinds(); got != row.want || err != nil {
				t.Errorf("the exchanges are%s wanted%s, %v", got, row.want, err)
			}
		})
	}
}

// first is a value, and the first of two errors.
func first(n int, err error) func(error) (int, error) {
	return func(next error) (int, error) { return n, errors.Join(err, next) }
}

// away is a script whose code runs as in a plugin. It counts turns through the door, and sees that
// each answer is what was told ahead.
type away struct {
	script
	t *testing.T

	mu    sync.Mutex
	turns []string
}

func (a *away) RunSteps(ctx context.Context, b protocol.Begin, d protocol.Door) error {
	return protocol.Run(ctx, a.script, b, &turned{away: a, Door: d, ahead: b.Ahead}, slog.New(slog.DiscardHandler))
}

// turned is the door of one run.
type turned struct {
	protocol.Door
	*away
	ahead *protocol.Ahead
}

func (d *turned) Exchange(ctx context.Context, steps []protocol.Step) (a protocol.Answer, err error) {
	turn := ""
	for _, st := range steps {
		turn += fmt.Sprint(" ", st.Kind)
	}
	d.mu.Lock()
	d.turns = append(d.turns, turn[1:])
	d.mu.Unlock()
	if len(steps) > 1 && d.ahead.Answers(steps[0]) {
		if a, err = d.Door.Exchange(ctx, steps[:1]); err != nil || a.Rewind != nil || a.Suspended {
			return d.heard(a), err
		}
		if !d.ahead.Is(a) {
			d.t.Errorf("%+v was told ahead, and the answer is %+v", d.ahead, a)
		}
		steps = steps[1:]
	}
	a, err = d.Door.Exchange(ctx, steps)
	return d.heard(a), err
}

func (d *turned) heard(a protocol.Answer) protocol.Answer {
	d.ahead = a.Ahead
	if a.Rewind != nil {
		d.ahead = a.Rewind.Ahead
	}
	return a
}

// sale is a payment from a shared pool into another one, which is found by its tag. The taker's code is
// told the same time in each run.
func sale(t *testing.T, disturb func()) script {
	var heard time.Time
	return sides(
		func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if err := errors.Join(s.Update(ctx, add(c.Main(), -5)), s.Send(ctx, 5)); err != nil {
				return protocol.Result{}, err
			}
			if err := s.Recv(ctx, nil); err != nil {
				return protocol.Result{}, err
			}
			return text("paid"), s.Update(ctx, add(c.Main(), 0))
		},
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			var n int
			if err := s.Recv(ctx, &n); err != nil {
				return protocol.Result{}, err
			}
			if !heard.IsZero() && !heard.Equal(s.Now()) {
				t.Errorf("the message came at %v, and at %v", heard, s.Now())
			}
			heard = s.Now()
			return text("taken"), s.Update(ctx, func(tx instrument.Tx) error {
				id, err := tx.Find("pool", "tag", "till")
				if err != nil {
					return err
				}
				err = add(id, n)(tx)
				disturb()
				return err
			})
		})
}

// TestAPaymentTakesFourTurns is of code that runs in a plugin, alone and when somebody else changes
// what it has read: then it runs again, and is told anew.
func TestAPaymentTakesFourTurns(t *testing.T) {
	for name, row := range map[string]struct {
		disturbed int
		want      []string
	}{
		"alone":    {0, []string{"Recv Find", "Get Update the result"}},
		"outrun":   {1, []string{"Recv Find", "Get Update the result", "Recv Find", "Get Update the result"}},
		"outrun 2": {2, []string{"Recv Find", "Get Update the result", "Recv Find", "Get Update the result", "Recv Find", "Get Update the result"}},
	} {
		t.Run(name, func(t *testing.T) {
			var pair *protocoltest.Pair
			var till instrument.ID
			left := row.disturbed
			code := sale(t, func() {
				if left--; left < 0 {
					return
				}
				if err := pair.Servicer.Instruments.Update(context.Background(), func(d *instrument.Draft) error { return add(till, 100)(d) }); err != nil {
					t.Error(err)
				}
			})
			payer, taker := &away{script: code, t: t}, &away{script: code, t: t}
			pair = protocoltest.NewPair(t, bundles(payer), bundles(taker))
			purse := pair.Initiator.Create(t, instance("pool", state{N: 50}))[0]
			tagged := instance("pool", state{})
			tagged.Keys = map[string]string{"tag": "till"}
			till = pair.Servicer.Create(t, tagged)[0]
			if _, err := pair.Execute(t.Context(), "test", call("DO", purse)); err != nil {
				t.Fatal(err)
			}
			if a, b := number(t, pair.Initiator, purse), number(t, pair.Servicer, till); a != 45 || b != 5+100*row.disturbed {
				t.Errorf("%d and %d are left", a, b)
			}
			if got, want := fmt.Sprint(payer.turns), "[Get Update Send Recv Get Update the result]"; got != want {
				t.Errorf("the payer's turns: %v", got)
			}
			if got := fmt.Sprint(taker.turns); got != fmt.Sprint(row.want) {
				t.Errorf("the taker's turns: %v", got)
			}
			clean(t, pair.Initiator, pair.Servicer)
		})
	}
}

// TestALaterLookIsANewOne is of code that does something else before it reads what it has found.
func TestALaterLookIsANewOne(t *testing.T) {
	var n *protocoltest.Node
	code := &away{t: t, script: does(func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		return text("done"), s.Update(ctx, func(tx instrument.Tx) error {
			id, err := tx.Find("pool", "tag", "till")
			if err != nil {
				return err
			}
			if err := n.Instruments.Update(ctx, func(d *instrument.Draft) error { return add(id, 100)(d) }); err != nil {
				return err
			}
			if _, err := tx.Find("pool", "tag", "no such"); !errors.Is(err, fault.NotFound) {
				return err
			}
			return add(id, 1)(tx)
		})
	})}
	n = protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code)})
	tagged := instance("pool", state{})
	tagged.Keys = map[string]string{"tag": "till"}
	till := n.Create(t, tagged)[0]
	if _, err := do(t, n, call("DO")); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(code.turns); got != "[Find Find Get Update the result]" || number(t, n, till) != 101 {
		t.Errorf("the turns: %v, and %d", got, number(t, n, till))
	}
}

// TestAPromiseIsHeldToTheAnswer: code that has gone on with what it was told ahead is sent
// back where the host answers anything else.
func TestAPromiseIsHeldToTheAnswer(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	mine := func() *instrument.Instance {
		return &instrument.Instance{ID: "one", Version: 1, State: []byte(`1`)}
	}
	other := func(alter func(*instrument.Instance)) *instrument.Instance {
		i := mine()
		alter(i)
		return i
	}
	message, read := protocol.Ahead{Now: now, Message: []byte(`1`)}, protocol.Ahead{Now: now, Instance: mine()}
	for name, row := range map[string]struct {
		told protocol.Ahead
		got  protocol.Answer
		is   bool
	}{
		"the message":        {message, protocol.Answer{Now: now, Message: []byte(`1`)}, true},
		"another message":    {message, protocol.Answer{Now: now, Message: []byte(`2`)}, false},
		"at another time":    {message, protocol.Answer{Now: now.Add(1), Message: []byte(`1`)}, false},
		"a fault":            {message, protocol.Answer{Now: now, Message: []byte(`1`), Fault: fault.New(fault.Timeout, "late")}, false},
		"with an instrument": {message, protocol.Answer{Now: now, Message: []byte(`1`), Instance: mine()}, false},
		"the instrument":     {read, protocol.Answer{Now: now, Instance: mine()}, true},
		"no instrument":      {read, protocol.Answer{Now: now}, false},
		"another one":        {read, protocol.Answer{Now: now, Instance: other(func(i *instrument.Instance) { i.ID = "two" })}, false},
		"another version":    {read, protocol.Answer{Now: now, Instance: other(func(i *instrument.Instance) { i.Version = 2 })}, false},
		"another state":      {read, protocol.Answer{Now: now, Instance: other(func(i *instrument.Instance) { i.State = []byte(`2`) })}, false},
	} {
		if row.told.Is(row.got) != row.is {
			t.Errorf("%s is taken for it: %v", name, !row.is)
		}
	}
	if message.Answers(protocol.Step{Kind: protocol.StepGet, Get: "one"}) || !read.Answers(protocol.Step{Kind: protocol.StepGet, Get: "one"}) || read.Answers(protocol.Step{Kind: protocol.StepGet, Get: "two"}) {
		t.Error("another step is answered")
	}
}
