package protocol_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// chatty is a vendor whose operations hear one word of their peer and end.
type chatty struct {
	*protocoltest.Node
	reached chan struct{} // by each operation, before it listens
	ends    chan comm.Executed
	begun   int
	args    []byte // of what is begun next
	until   time.Time
}

func newVendor(t *testing.T) *chatty { return newVendorWith(t, nil) }

// newVendorWith has a log.
func newVendorWith(t *testing.T, log *slog.Logger) *chatty {
	t.Helper()
	b := &chatty{reached: make(chan struct{}), ends: make(chan comm.Executed, 1000), until: time.Now().Add(time.Hour)}
	b.Node = protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(does(
		func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			b.reached <- struct{}{}
			var word string
			if err := s.Recv(ctx, &word); err != nil {
				return protocol.Result{}, err
			}
			return text(1), s.Update(ctx, create("purse", "", state{N: 1}))
		})), Unchecked: true, Log: log})
	return b
}

// deaf is a link over which nobody hears anything.
type deaf struct{ protocol.Link }

func (b *chatty) serve(ctx context.Context, peer string, op int, msgs ...comm.Message) comm.Executed {
	c := call("DO")
	c.Deadline, c.Args = b.until, b.args
	r := protocol.Execution{Protocol: "test", Peer: comm.Peer{Key: peer}, Link: deaf{}, Call: c}
	return b.Protocols.Serve(ctx, r, comm.Execute{Op: fmt.Sprintf("%032x", op), Msgs: msgs})
}

// begin begins an operation of a peer that says nothing.
func (b *chatty) begin(ctx context.Context, peer string) (op int) {
	b.begun++
	op = b.begun
	go func() { b.ends <- b.serve(ctx, peer, op) }()
	<-b.reached
	return op
}

var word = []comm.Message{{N: 1, Body: []byte(`"word"`)}}

// Strangers begin one operation after the other and say nothing: they get in each
// other's way, and leave nothing on disk. A customer who has begun among them, and
// one who comes after them, are served.
func TestWhoSaysNothingTakesNobodysRoom(t *testing.T) {
	const room, more = 512, 200
	for name, strangers := range map[string]int{"few": 4, "each under a key of its own": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			b := newVendor(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			flood := func(n int) {
				for range n {
					b.begin(ctx, fmt.Sprint("stranger ", b.begun%strangers))
				}
			}
			flood(room - 1)
			slow := b.begin(ctx, "slow customer")
			flood(more)
			for range more {
				if got := <-b.ends; fault.ReasonOf(got.Fault) != protocol.ReasonCrowded || !got.Again {
					t.Fatalf("what is pushed out is told %+v", got)
				}
			}
			if got := b.serve(ctx, "slow customer", slow, word...); got.Fault != nil {
				t.Errorf("the customer who was slow is told %v", got.Fault)
			}
			go func() { <-b.reached }()
			if got := b.serve(ctx, "customer", 1<<20, word...); got.Fault != nil {
				t.Errorf("the next customer is told %v", got.Fault)
			}
			if rows := b.Operations(t); len(rows) != 2 {
				t.Errorf("there are %d rows, not those of the two customers", len(rows))
			}
		})
	}
}

// What one peer has under way is bounded, whatever it has said; another is served.
func TestOnePeerHasABoundedNumberUnderWay(t *testing.T) {
	b := newVendor(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 256 {
		b.begin(ctx, "stranger")
	}
	if got := b.serve(ctx, "stranger", 1<<20, word...); fault.ReasonOf(got.Fault) != protocol.ReasonCrowded || !got.Again {
		t.Errorf("one that is too many is told %+v", got)
	}
	go func() { <-b.reached }()
	if got := b.serve(ctx, "customer", 1<<20+1, word...); got.Fault != nil {
		t.Errorf("the customer is told %v", got.Fault)
	}
	if got := b.serve(ctx, "stranger", 1, word...); got.Fault != nil {
		t.Fatalf("one that was begun is told %v", got.Fault)
	}
	go func() { <-b.reached }()
	if got := b.serve(ctx, "stranger", 1<<20, word...); got.Fault != nil {
		t.Errorf("asked again, it is told %v", got.Fault)
	}
}

// An operation keeps its request while it runs. Those who begin many with long ones and say
// nothing are told to come again, and nobody's short one is refused for them.
func TestLongRequestsShareARoom(t *testing.T) {
	b := newVendor(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	short, long := []byte(nil), fmt.Appendf(nil, `{"a":"%0*d"}`, 900<<10, 0)
	op := 1 << 20
	refused := func(peer string, args []byte) bool {
		op++
		b.args = args
		got := b.serve(ctx, peer, op, word...)
		if got.Fault != nil && (fault.ReasonOf(got.Fault) != protocol.ReasonCrowded || !got.Again) {
			t.Errorf("%s is told %+v", peer, got)
		}
		return got.Fault != nil
	}
	served := func(peer string, args []byte) {
		t.Helper()
		heard := make(chan struct{})
		go func() { <-b.reached; close(heard) }()
		if refused(peer, args) {
			t.Fatalf("%s is refused", peer)
		}
		<-heard
	}
	for n := range 4 {
		b.args = long
		asks, hangUp := context.WithCancel(ctx)
		for range 18 { // 16 MiB hold so many
			b.begin(asks, fmt.Sprint("stranger ", n))
		}
		if n == 3 { // whose operations go on, and keep what they were asked
			hangUp()
			for range 18 {
				<-b.ends
			}
		}
		defer hangUp()
		if !refused(fmt.Sprint("stranger ", n), long) {
			t.Fatalf("one more long request of stranger %d is kept", n)
		}
	}
	if !refused("customer", long) {
		t.Error("one more long request is kept")
	}
	served("another customer", short)
	served("stranger 0", short)
	b.Protocols.Hear(comm.Peer{Key: "stranger 0"}, comm.Said{Op: fmt.Sprintf("%032x", 1), Msgs: word})
	if got := <-b.ends; got.Fault != nil {
		t.Errorf("one that was begun is told %v", got.Fault)
	}
	served("customer", long)
}

// A request waits for the end of its operation, and so does each repetition of it. Whoever
// repeats a long one is told that it goes on, and the first one is answered.
func TestRepeatedRequestsShareARoom(t *testing.T) {
	b := newVendor(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.args = fmt.Appendf(nil, `{"a":"%0*d"}`, 900<<10, 0)
	op := b.begin(ctx, "stranger")
	const more = 100 // of which 16 MiB hold 17 beside the first
	for range more {
		go func() { b.ends <- b.serve(ctx, "stranger", op) }()
	}
	for range more - 17 {
		if got := <-b.ends; fault.ReasonOf(got.Fault) != protocol.ReasonPending || got.Again {
			t.Errorf("it is told %+v", got)
		}
	}
	hear := func() {
		b.Protocols.Hear(comm.Peer{Key: "stranger"}, comm.Said{Op: fmt.Sprintf("%032x", op), Msgs: word})
	}
	hear()
	for told := 0; told < 1+17; {
		select {
		case got := <-b.ends:
			if got.Fault != nil {
				t.Errorf("it is told %v", got.Fault)
			}
			told++
		case <-b.reached: // one has found room, and finds the operation when that has ended: its code runs again
			hear()
		}
	}
}

// What was pushed out has not happened: asked for again with its first word it happens,
// and only once, however often that is asked.
func TestWhatWasPushedOutHappensOnce(t *testing.T) {
	const room = 512
	b := newVendor(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	slow := b.begin(ctx, "slow customer")
	for n := range room {
		b.begin(ctx, fmt.Sprint("stranger ", n))
	}
	if got := <-b.ends; got.Op != fmt.Sprintf("%032x", slow) || !got.Again || len(b.Operations(t)) != 0 {
		t.Fatalf("the oldest is told %+v", got)
	}
	for range 2 {
		go func() { <-b.reached }()
		if got := b.serve(ctx, "slow customer", slow, word...); got.Fault != nil {
			t.Errorf("asked again, it is told %v", got.Fault)
		}
	}
	made, err := b.Instruments.List(ctx, instrument.Filter{Class: "purse"})
	if err != nil || len(made) != 1 || len(b.Operations(t)) != 1 {
		t.Errorf("%d purses were made in %d operations, %v", len(made), len(b.Operations(t)), err)
	}
}

// A vendor that is switched off while peers say nothing has stored all that there was to store: its
// log has nothing of an error, and each peer is told to ask again.
func TestTheEndOfAVendorIsNoErrorOfItsDisk(t *testing.T) {
	var log bytes.Buffer
	b := newVendorWith(t, slog.New(slog.NewTextHandler(&log, nil)))
	b.begin(t.Context(), "stranger")
	if err := b.Protocols.Close(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := <-b.ends; fault.ReasonOf(got.Fault) != protocol.ReasonPending {
		t.Errorf("it is told %+v", got)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log says\n%s", &log)
	}
}
