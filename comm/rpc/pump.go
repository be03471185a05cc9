package rpc

import (
	"sync"
	"time"
)

// farewellTime is how long a peer has for its own goodbye.
const farewellTime = 2 * time.Second

// Kind is what a Pump hands to a line.
type Kind uint8

// The kinds.
const (
	Message Kind = iota + 1 // a frame that was queued
	Ping                    // asks whether the peer is there; without a body
	Pong                    // answers a ping; the body is the ping's
	Goodbye                 // the body is the reason; the last one
	Probe                   // asks whether the messages before it have arrived; without a body
)

// Line puts frames on a wire. A Pump alone calls it, on one goroutine.
type Line interface {
	// Put writes one frame, in bounded time. A line that cannot cuts itself, which
	// the reader sees.
	Put(k Kind, body []byte)
	// End ends the line behind the goodbyes.
	End()
}

// Pump is the half of a Stream that writes: one goroutine puts on the line what is
// queued, answers pings and sends its own, and says goodbye at the end. Streams have
// WriteFrame and Close from it.
type Pump struct {
	line  Line
	out   *Queue
	pongs chan []byte
	grace time.Duration

	closing   sync.Once
	reason    string        // written before the queue is closed
	readEnd   chan struct{} // closed by the reader at its first error
	readOnce  sync.Once
	writerEnd chan struct{} // closed by the writer behind everything
}

// Intervals are when a Pump does what nobody tells it to.
type Intervals struct {
	Ping  time.Duration // how often the peer is asked whether it is there
	Probe time.Duration // how soon behind a message it is asked whether that has arrived; 0: never
	Write time.Duration // the line's own limit, and the longest wait for the peer's goodbye
}

// NewPump starts to write what is pushed into the queue.
func NewPump(line Line, out *Queue, every Intervals) *Pump {
	p := &Pump{
		line: line, out: out, pongs: make(chan []byte, 1), grace: min(every.Write, farewellTime),
		readEnd: make(chan struct{}), writerEnd: make(chan struct{}),
	}
	go p.write(every)
	return p
}

// WriteFrame implements Stream.
func (p *Pump) WriteFrame(frame []byte) error { return p.out.Push(frame) }

// Close implements Stream.
func (p *Pump) Close(reason string) error {
	p.closing.Do(func() {
		p.reason = reason
		p.out.Close()
	})
	return nil
}

// Answer has a ping answered.
func (p *Pump) Answer(ping []byte) {
	select {
	case p.pongs <- ping:
	default: // RFC 6455 §5.5.3: the next pong answers for this ping as well
	}
}

// ReadEnded is called by the reader at its first error. It waits for the writer, so
// that nothing of the line is left when it returns.
func (p *Pump) ReadEnded() {
	p.readOnce.Do(func() { close(p.readEnd) })
	<-p.writerEnd
}

func (p *Pump) write(every Intervals) {
	defer close(p.writerEnd)
	defer p.out.Drop()
	ping := time.NewTicker(every.Ping)
	defer ping.Stop()
	probe, due := time.NewTimer(every.Probe), false
	defer probe.Stop()
	for {
		select {
		case <-p.out.Ready():
			frame, ok := p.out.Take()
			if !ok {
				p.farewell()
				return
			}
			p.line.Put(Message, frame)
			if !due && every.Probe > 0 {
				probe.Reset(every.Probe)
				due = true
			}
		case <-probe.C:
			if due { // the timer fires once before any message: it was made running
				p.line.Put(Probe, nil)
			}
			due = false
		case body := <-p.pongs:
			p.line.Put(Pong, body)
		case <-ping.C:
			p.line.Put(Ping, nil)
		case <-p.readEnd:
			p.farewell()
			return
		}
	}
}

// farewell says why, and lets the peer read what was sent before the line goes:
// closing a socket with unread input in it would destroy that.
func (p *Pump) farewell() {
	_ = p.Close("")
	p.line.Put(Goodbye, []byte(p.reason))
	grace := time.NewTimer(p.grace)
	defer grace.Stop()
	select {
	case <-p.readEnd:
	case <-grace.C:
	}
	p.line.End()
}
