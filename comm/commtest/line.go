package commtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// patience bounds what a broken transport would let hang; a working one never
// comes near it.
const patience = time.Minute

// line is a connection with both its ends.
type line struct {
	door               comm.Listener
	client, vendor     Party
	initiator          comm.Conn
	servicer           comm.Conn
	atClient, atVendor *Handler
}

// connect makes a line; its ends are closed at the end of the test.
func connect(t *testing.T, w World, atClient, atVendor *Handler) *line {
	t.Helper()
	l := &line{client: w(nil), vendor: w(nil), atClient: atClient, atVendor: atVendor}
	accepted := make(chan comm.Conn, 1)
	l.door = listen(t, l.vendor, func(c comm.Conn) (comm.Handler, error) {
		accepted <- c
		return atVendor, nil
	})
	l.initiator = dial(t, l.client, l.door.Address(), atClient)
	l.servicer = await(t, accepted)
	return l
}

func listen(t *testing.T, p Party, accept func(comm.Conn) (comm.Handler, error)) comm.Listener {
	t.Helper()
	door, err := p.Transport.Listen(context.Background(), p.Listen, accept)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	t.Cleanup(func() { _ = door.Close() })
	return door
}

func dial(t *testing.T, p Party, a comm.Address, h *Handler) comm.Conn {
	t.Helper()
	conn, err := p.Transport.Dial(within(t), a, h)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		await(t, h.Ended())
	})
	return conn
}

// within is a context that ends with the test, or when patience does.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// await receives from a channel that a working transport serves.
func await[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

// wantFault checks kind and reason of an error.
func wantFault(t *testing.T, err error, kind fault.Kind, reason fault.Reason) *fault.Fault {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) {
		t.Fatalf("error is %v, no fault", err)
	}
	if f.Kind != kind || f.Reason != reason {
		t.Fatalf("fault is %v, %q (%v), want %v, %q", f.Kind, f.Reason, err, kind, reason)
	}
	return f
}
