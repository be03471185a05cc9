package rpc_test

import (
	"encoding/json"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// wire is a stream whose far end is the test itself.
type wire struct {
	in, out chan []byte // towards the connection, from it
	gone    chan struct{}
	once    sync.Once
	reason  string // why the connection closed it; read after gone
}

func newWire() *wire {
	return &wire{in: make(chan []byte, 256), out: make(chan []byte, 256), gone: make(chan struct{})}
}

func (w *wire) ReadFrame() ([]byte, error) {
	select {
	case <-w.gone:
		return nil, io.EOF
	case f, ok := <-w.in:
		if !ok {
			return nil, io.EOF
		}
		return f, nil
	}
}

func (w *wire) WriteFrame(f []byte) error {
	select {
	case w.out <- f:
		return nil
	default:
		return rpc.ErrQueueFull
	}
}

func (w *wire) Close(reason string) error {
	w.once.Do(func() {
		w.reason = reason
		close(w.gone)
	})
	return nil
}

// says sends raw frames to the connection.
func (w *wire) says(frames ...string) {
	for _, f := range frames {
		w.in <- []byte(f)
	}
}

// hears reads the next frame of the connection.
func (w *wire) hears(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	select {
	case f := <-w.out:
		var m map[string]json.RawMessage
		if err := json.Unmarshal(f, &m); err != nil {
			t.Fatal(err)
		}
		return m
	case <-time.After(patience):
		t.Fatal("nothing came")
		return nil
	}
}

// open starts a connection on a wire and closes it with the test.
func open(t testing.TB, side rpc.Side, h *commtest.Handler, o rpc.Options) (*wire, *rpc.Conn) {
	t.Helper()
	w := newWire()
	o.Side = side
	o.Peer = comm.Peer{Key: "PEER"}
	c := rpc.New(w, o)
	c.Start(h)
	t.Cleanup(func() {
		_ = c.Close()
		await(t, c.Done(), "the connection is done")
	})
	return w, c
}

func await(t testing.TB, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatal("waited in vain: " + what)
	}
}
