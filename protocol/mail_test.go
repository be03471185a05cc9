package protocol

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func written(n uint64, body string) comm.Message {
	return comm.Message{N: n, Body: json.RawMessage(body)}
}

func numbered(msgs []comm.Message) (out []uint64) {
	for _, m := range msgs {
		out = append(out, m.N)
	}
	return out
}

// TestOnlyWhatIsDurableLeaves: what was written since the last flush may be written otherwise
// in the next life, and the peer would have heard both.
func TestOnlyWhatIsDurableLeaves(t *testing.T) {
	b := newMail(Execution{Side: Initiator, Link: nowhere{}})
	writes := func(bodies ...string) {
		t.Helper()
		for _, body := range bodies {
			if err := b.write(json.RawMessage(body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	leaves := func(want ...uint64) {
		t.Helper()
		_, msgs := b.durable()
		if e, _ := b.nextRequest(); !slices.Equal(numbered(msgs), want) || !slices.Equal(numbered(e.Msgs), want) {
			t.Errorf("%v leave, and with the request %v; want %v", numbered(msgs), numbered(e.Msgs), want)
		}
	}
	writes(`1`)
	leaves()
	b.flushed()
	writes(`2`, `3`)
	leaves(1)
	b.rewind(0)
	writes(`"otherwise"`)
	leaves(1)
	b.flushed()
	leaves(1, 2)
	if _, msgs := b.durable(); string(msgs[1].Body) != `"otherwise"` {
		t.Errorf("the second message is %s", msgs[1].Body)
	}
	b.arrived(1, nil)
	leaves(2)
	b.arrived(9, nil) // more than there is
	leaves()
}

// TestWhatAPeerSaysAheadIsBounded: a peer that says much, or under numbers of later, takes no
// more memory than one that waits to be heard, and alters nothing that it has said.
func TestWhatAPeerSaysAheadIsBounded(t *testing.T) {
	b := newMail(Execution{Side: Servicer, Link: nowhere{}})
	b.arrived(0, []comm.Message{written(2, `"second"`), written(2, `"altered"`), written(maxUnacknowledged, `1`), written(maxUnacknowledged+1, `1`), written(1<<40, `1`), written(0, `1`)})
	if len(b.outOfOrder) != 2 {
		t.Errorf("%d messages are kept", len(b.outOfOrder))
	}
	b.arrived(0, []comm.Message{written(1, `"first"`), written(1, `"altered"`)})
	b.arrived(0, []comm.Message{written(1, `"altered"`), written(2, `"altered"`)})
	for _, want := range []string{`"first"`, `"second"`} {
		if body, ok, err := b.take(); !ok || err != nil || string(body) != want {
			t.Errorf("it is told %s, %v", body, err)
		}
	}
	if _, ok, err := b.take(); ok || err != nil || len(b.outOfOrder) != 1 {
		t.Errorf("%d are left, %v", len(b.outOfOrder), err)
	}
	b.flushed()

	long := fmt.Sprintf("%q", slices.Repeat([]byte("x"), maxMailBytes/3))
	b.arrived(0, []comm.Message{written(3, long), written(4, long), written(5, long), written(6, `1`)})
	if len(b.in) != 4 {
		t.Errorf("%d messages are kept before any of the long ones is heard", len(b.in))
	}
	b.arrived(0, []comm.Message{written(5, long)}) // it is said again, and there is still no room
	if _, _, err := b.take(); err != nil || len(b.in) != 4 {
		t.Errorf("%d messages, %v", len(b.in), err)
	}
	b.flushed()
	b.arrived(0, []comm.Message{written(5, long)})
	b.arrived(0, []comm.Message{written(7, long)}) // two that are not heard yet are there
	if len(b.in) != 6 {
		t.Errorf("%d messages when there is room for one again", len(b.in))
	}
}

// TestWhatMayHaveArrivedIsAskedOn: a request whose answer is lost may have been paid for, and
// no deadline makes it one that was never sent; one that never left the house ends there.
func TestWhatMayHaveArrivedIsAskedOn(t *testing.T) {
	unavailable := func(why fault.Reason) error { return fault.New(fault.Unavailable, "away").Because(why) }
	for name, row := range map[string]struct {
		err error
		may bool
	}{
		"nobody knows":                    {fault.New(fault.Unknown, "lost"), true},
		"the time is over":                {fault.New(fault.Timeout, "late"), true},
		"the connection was lost":         {unavailable(comm.ReasonConnectionLost), true},
		"the peer ends":                   {unavailable(comm.ReasonGoingAway), true},
		"nobody is there":                 {unavailable(ReasonUnreachable), false},
		"its code died before it kept it": {unavailable(ReasonCrashed), false},
	} {
		b := newMail(Execution{Side: Initiator, Link: nowhere{}})
		b.nextRequest()
		if !b.mayRetry(row.err) {
			t.Errorf("%s: it is not asked again", name)
		}
		if err := b.expire(); (err == nil) != row.may {
			t.Errorf("%s: at the deadline its code is told %v", name, err)
		}
		if e, link := b.nextRequest(); (link != nil) != row.may || e.Op != "" {
			t.Errorf("%s: it goes out after the deadline: %v", name, link != nil)
		}
	}
	late := newMail(Execution{Side: Initiator, Link: nowhere{}})
	late.nextRequest()
	if err := late.expire(); err != nil {
		t.Errorf("while the request is out, its code is told %v", err)
	}
	if late.mayRetry(unavailable(ReasonUnreachable)) || fault.ReasonOf(late.failure) != ReasonUnreachable {
		t.Errorf("what has not arrived by its deadline goes out again, or ends as %v", late.failure)
	}
	for _, posted := range []bool{true, false} { // by an earlier life
		b := newMail(Execution{Side: Initiator, Link: nowhere{}})
		b.revive([]comm.Message{written(1, `1`)}, 0, 1, 0, posted)
		if err := b.expire(); (err == nil) != posted {
			t.Errorf("posted before: %v, and at the deadline its code is told %v", posted, err)
		}
	}
	b := newMail(Execution{Side: Servicer, Link: nowhere{}})
	if _, err := b.await(context.Background(), time.Unix(1, 0), func() time.Time { return time.Unix(2, 0) }); fault.ReasonOf(err) != "deadline" {
		t.Errorf("a servicer is told %v", err)
	}
}

// TestOnlyAnInitiatorForgoes: it waits for its peer, and a servicer's word would be none. An
// end that came first counts.
func TestOnlyAnInitiatorForgoes(t *testing.T) {
	why := fault.New(fault.Unknown, "given up").Because(ReasonForgone)
	for name, b := range map[string]*mail{
		"a servicer":        newMail(Execution{Side: Servicer, Link: nowhere{}}),
		"nobody to talk to": newMail(Execution{Side: Initiator}),
	} {
		if b.forgo(why) || b.ended {
			t.Errorf("%s forgoes its peer", name)
		}
	}
	b := newMail(Execution{Side: Initiator, Link: nowhere{}})
	b.end(comm.Executed{Fault: fault.New(fault.Declined, "no").Because("no")})
	if !b.forgo(why) || fault.ReasonOf(b.failure) != "no" || b.accepted() {
		t.Errorf("it has ended as %v, and the peer has accepted it: %v", b.failure, b.accepted())
	}
}

// TestHowThePeerEndedIsKnownInTheNextLife: once the code has read all that the peer has said.
func TestHowThePeerEndedIsKnownInTheNextLife(t *testing.T) {
	declined := fault.New(fault.Declined, "no").Because("no")
	for name, end := range map[string]comm.Executed{
		"well": {Msgs: []comm.Message{written(1, `1`)}, Result: json.RawMessage(`2`)}, "not well": {Msgs: []comm.Message{written(1, `1`)}, Fault: declined},
	} {
		b := newMail(Execution{Side: Initiator, Link: nowhere{}})
		if b.over() != nil {
			t.Errorf("%s: it is over before it has ended", name)
		}
		b.end(end)
		for n := range len(b.in) {
			if b.over() != nil {
				t.Errorf("%s: it is over before message %d was read", name, n+1)
			}
			if _, _, err := b.take(); err != nil {
				t.Fatal(err)
			}
		}
		over := b.over()
		if over == nil || (over.Fault == nil) != (end.Fault == nil) {
			t.Fatalf("%s: it is over: %+v", name, over)
		}
		next := newMail(Execution{Side: Initiator, Link: nowhere{}})
		next.finished(over)
		if _, link := next.nextRequest(); link != nil || next.accepted() != (end.Fault == nil) {
			t.Errorf("%s: the next life asks again: %v, accepted: %v", name, link != nil, next.accepted())
		}
		if _, _, err := next.take(); end.Fault != nil && fault.ReasonOf(err) != "no" || err == nil {
			t.Errorf("%s: the next life is told %v", name, err)
		}
	}
}

// TestWhoHasSpokenIsNotDisplaced: the first word may arrive while the wait for it is being ended.
func TestWhoHasSpokenIsNotDisplaced(t *testing.T) {
	b := newMail(Execution{Side: Servicer, Link: nowhere{}})
	b.arrived(0, []comm.Message{written(1, `"first"`)})
	b.displace()
	if body, ok, err := b.take(); !ok || string(body) != `"first"` {
		t.Errorf("its word is %s, %v", body, err)
	}
	if _, _, err := b.take(); err != nil {
		t.Errorf("and then it is told %v", err)
	}
	silent := newMail(Execution{Side: Servicer, Link: nowhere{}})
	silent.displace()
	if _, _, err := silent.take(); fault.ReasonOf(err) != ReasonCrowded {
		t.Errorf("who says nothing is told %v", err)
	}
}
