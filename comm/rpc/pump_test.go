package rpc

import (
	"slices"
	"testing"
	"time"
)

// tape is a line that keeps what is put on it.
type tape struct {
	put   chan string
	ended chan struct{}
}

func newTape() *tape { return &tape{make(chan string, 16), make(chan struct{})} }

func (t *tape) Put(k Kind, body []byte) {
	t.put <- map[Kind]string{Message: "message", Ping: "ping", Pong: "pong", Goodbye: "goodbye"}[k] + " " + string(body)
}

func (t *tape) End() { close(t.ended) }

func (t *tape) want(test *testing.T, words ...string) {
	test.Helper()
	var got []string
	for range words {
		got = append(got, <-t.put)
	}
	if !slices.Equal(got, words) {
		test.Errorf("on the line: %q, want %q", got, words)
	}
}

// What was queued before the end goes out before the goodbye, and the line ends
// behind the peer's own.
func TestAPumpSaysGoodbyeBehindWhatIsQueued(t *testing.T) {
	line, q := newTape(), NewQueue()
	if err := q.Push([]byte("one")); err != nil {
		t.Fatal(err)
	}
	p := NewPump(line, q, Intervals{Ping: time.Hour, Write: time.Hour})
	p.grace = time.Hour
	if err := p.WriteFrame([]byte("two")); err != nil {
		t.Fatal(err)
	}
	_, _ = p.Close("enough"), p.Close("not heard")
	line.want(t, "message one", "message two", "goodbye enough")
	if err := p.WriteFrame([]byte("three")); err == nil {
		t.Error("it takes more behind the goodbye")
	}
	select {
	case <-line.ended:
		t.Error("it did not wait for the peer's goodbye")
	default:
	}
	p.ReadEnded()
	select {
	case <-line.ended:
	default:
		t.Error("the reader went on before the line had ended")
	}
}

// A peer that has gone hears goodbye all the same: its half may be open still.
func TestAPumpEndsWithItsReader(t *testing.T) {
	line := newTape()
	p := NewPump(line, NewQueue(), Intervals{Ping: time.Hour, Write: time.Hour})
	p.ReadEnded()
	p.ReadEnded()
	line.want(t, "goodbye ")
	<-line.ended
}

// A peer that never says goodbye is waited for in bounded time.
func TestAPumpWaitsForNoGoodbyeForEver(t *testing.T) {
	line := newTape()
	p := NewPump(line, NewQueue(), Intervals{Ping: time.Hour, Write: time.Nanosecond})
	_ = p.Close("")
	line.want(t, "goodbye ")
	<-line.ended
}

func TestAPumpAnswersPingsAndSendsItsOwn(t *testing.T) {
	line := newTape()
	p := NewPump(line, NewQueue(), Intervals{Ping: time.Hour, Write: time.Hour})
	p.Answer([]byte("there?"))
	line.want(t, "pong there?")
	p.ReadEnded()

	line = newTape()
	p = NewPump(line, NewQueue(), Intervals{Ping: time.Millisecond, Write: time.Hour})
	line.want(t, "ping ", "ping ")
	go func() {
		for range line.put { // pings, until it has ended
		}
	}()
	p.ReadEnded()
	close(line.put)
}
