package stream

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Pipe is a way for bytes, both ways. A deadline in the past ends what reads and
// writes at that time; a pipe that cannot do that returns an error and is closed
// instead.
type Pipe interface {
	io.ReadWriteCloser
	SetDeadline(t time.Time) error
}

var errBegunAnew = errors.New("the other end of the line has begun anew")

// past is a deadline that is over.
var past = time.Unix(1, 0)

// line is an open Pipe with what was read too early. One goroutine reads.
type line struct {
	pipe    Pipe
	lasting bool // it carries one session after the other

	buf  [4096]byte
	rest []byte // read and not taken yet
	scan scanner
	anew *mark // a hello that has ended a session

	mu   sync.Mutex
	turn *turn // whose the line is now
}

// next finds the next mark.
func (l *line) next() (mark, error) {
	for skipped := 0; skipped < maxNoise; {
		if len(l.rest) == 0 {
			n, err := l.pipe.Read(l.buf[:])
			if n == 0 && err != nil {
				return mark{}, err
			}
			l.rest = l.buf[:n]
		}
		n, m, found := l.scan.find(l.rest)
		l.rest = l.rest[n:]
		if found {
			return m, nil
		}
		skipped += n
	}
	return mark{}, errNoise
}

// read is that of a session, which the verb from the other end ends.
func (l *line) read(p []byte, ends verb) (n int, err error) {
	if len(l.rest) > 0 {
		n = copy(p, l.rest)
		l.rest = l.rest[n:]
	} else if n, err = l.pipe.Read(p); n == 0 {
		return 0, err
	}
	for at := 0; at < n; {
		taken, m, found := l.scan.find(p[at:n])
		at += taken
		if found && m.verb == ends {
			l.rest = append(append([]byte{}, p[at:n]...), l.rest...)
			if m.verb == hello {
				l.anew = &m
			}
			return 0, errBegunAnew
		}
	}
	return n, nil
}

// close ends the line for good.
func (l *line) close() { _ = l.pipe.Close() }

// take gives the line to a new session, or to one that is to become one. The
// last one has ended.
func (l *line) take(o Options, ends verb) *turn {
	t := &turn{line: l, ends: ends, o: o}
	t.idle, t.stuck = time.AfterFunc(o.Idle, t.cut), time.AfterFunc(o.Write, t.cut)
	t.idle.Stop()
	t.stuck.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn = t
	if l.lasting {
		_ = l.pipe.SetDeadline(time.Time{}) // what has none was closed at the end of the last turn
	}
	return t
}

// turn is the use of a line by one session: a net.Conn without deadlines but
// with limits on silence.
type turn struct {
	line        *line
	ends        verb
	o           Options
	idle, stuck *time.Timer
	alone       bool         // the line ends with it
	moved       atomic.Int64 // bytes read
}

// Read implements net.Conn.
func (t *turn) Read(p []byte) (int, error) {
	n, err := t.line.read(p, t.ends)
	if n > 0 {
		t.moved.Add(int64(n))
		t.idle.Reset(t.o.Idle)
	}
	return n, err
}

// portion is what a slow line carries within the limit for writing.
const portion = 4 << 10

// Write implements net.Conn. The limit is on each portion: a line may be slow,
// but it must move.
func (t *turn) Write(p []byte) (written int, err error) {
	defer t.stuck.Stop()
	for err == nil && written < len(p) {
		t.stuck.Reset(t.o.Write)
		var n int
		n, err = t.line.pipe.Write(p[written:min(len(p), written+portion)])
		written += n
	}
	return written, err
}

// cut ends reading and writing at once; it may be called at any time, and does
// nothing when the line is another session's by now.
func (t *turn) cut() {
	t.line.mu.Lock()
	defer t.line.mu.Unlock()
	if t.line.turn != t {
		return
	}
	if !t.line.lasting || t.line.pipe.SetDeadline(past) != nil {
		t.line.close()
	}
}

// end is the last of a turn.
func (t *turn) end() {
	t.idle.Stop()
	t.stuck.Stop()
	t.cut()
	if t.alone {
		t.line.close()
	}
}

// Close implements net.Conn.
func (t *turn) Close() error {
	t.cut()
	return nil
}

// SetDeadline implements net.Conn: the limits are those of Options.
func (*turn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (*turn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.Conn.
func (*turn) SetWriteDeadline(time.Time) error { return nil }

// LocalAddr implements net.Conn.
func (*turn) LocalAddr() net.Addr { return place{} }

// RemoteAddr implements net.Conn.
func (*turn) RemoteAddr() net.Addr { return place{} }

// place is the address of either end: a line has none that TLS would need.
type place struct{}

func (place) Network() string { return "line" }
func (place) String() string  { return "line" }
