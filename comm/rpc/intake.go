package rpc

import (
	"io"
	"sync"
)

// Intake bounds the memory that incomplete frames take up in many connections together, such as
// all that a listener has accepted. Each may begin a long frame; all of them together may not use
// up the memory of this process. When there is no room, the connection that has been reading its
// frame for the longest is cut: a peer that sends what it has begun is soon done.
type Intake struct {
	most int // bytes

	mu    sync.Mutex
	bytes int
	begun uint64 // frames that were counted so far
	open  map[*Incoming]struct{}
}

// NewIntake is an intake with room for that many bytes.
func NewIntake(most int) *Intake { return &Intake{most: most, open: map[*Incoming]struct{}{}} }

// Incoming reads the frames of one connection, on one goroutine, within the bounds of an Intake.
type Incoming struct {
	intake *Intake
	cut    func()

	bytes int // of the frame that is being read; Intake.mu guards both
	begun uint64
}

// Of is the reader for one more connection. cut is called when that connection has to make room:
// it ends the connection, and must not block.
func (n *Intake) Of(cut func()) *Incoming { return &Incoming{intake: n, cut: cut} }

const (
	uncounted  = 64 << 10 // bytes of a frame that nobody counts: most frames are shorter
	firstBytes = 512
)

// ReadAll reads a frame to its end, as io.ReadAll does.
func (c *Incoming) ReadAll(r io.Reader) ([]byte, error) {
	frame := make([]byte, 0, firstBytes)
	counted := false
	defer func() {
		if counted {
			c.done()
		}
	}()
	for {
		n, err := r.Read(frame[len(frame):cap(frame)])
		frame = frame[:len(frame)+n]
		if err == io.EOF {
			return frame, nil
		}
		if err != nil {
			return nil, err
		}
		if len(frame) < cap(frame) {
			continue
		}
		frame = append(frame, 0)[:len(frame)]
		if cap(frame) > uncounted {
			counted = true
			if slowest := c.grows(cap(frame)); slowest != nil {
				slowest.cut()
			}
		}
	}
}

// grows counts a frame whose buffer has grown to that size, and returns the connection that has
// to make room, if one has.
func (c *Incoming) grows(to int) (slowest *Incoming) {
	n := c.intake
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, counted := n.open[c]; !counted {
		n.begun++
		c.begun = n.begun
		n.open[c] = struct{}{}
	}
	n.bytes += to - c.bytes
	c.bytes = to
	if n.bytes <= n.most {
		return nil
	}
	for other := range n.open {
		if slowest == nil || other.begun < slowest.begun {
			slowest = other
		}
	}
	n.forget(slowest)
	return slowest
}

func (c *Incoming) done() {
	c.intake.mu.Lock()
	defer c.intake.mu.Unlock()
	c.intake.forget(c)
}

func (n *Intake) forget(c *Incoming) {
	n.bytes -= c.bytes
	c.bytes = 0
	delete(n.open, c)
}
