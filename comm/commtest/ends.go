package commtest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func testClose(t *testing.T, w World) {
	for _, row := range []struct {
		name string
		side func(*line) comm.Conn
	}{
		{"by the initiator", func(l *line) comm.Conn { return l.initiator }},
		{"by the servicer", func(l *line) comm.Conn { return l.servicer }},
	} {
		t.Run(row.name, func(t *testing.T) {
			entered, left := make(chan struct{}), make(chan int, 1)
			atVendor := &Handler{}
			atVendor.OnRequest = func(ctx context.Context, _ comm.Conn, _ string, _ json.RawMessage) (any, error) {
				close(entered)
				<-ctx.Done() // a running request is told
				left <- atVendor.Times()
				return nil, ctx.Err()
			}
			l := connect(t, w, &Handler{}, atVendor)
			failed := make(chan error, 1)
			go func() { failed <- l.initiator.Call(context.Background(), "wait", nil, nil) }()
			await(t, entered)
			for range 2 {
				if err := row.side(l).Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
			wantFault(t, await(t, failed), fault.Unavailable, "connection-lost")
			await(t, l.atClient.Ended())
			await(t, l.atVendor.Ended())
			if before := await(t, left); before != 0 {
				t.Error("the handler was told of the end while a request was running")
			}
			wantFault(t, l.initiator.Call(within(t), "more", nil, nil), fault.Unavailable, "connection-lost")
			wantFault(t, l.servicer.Notify(within(t), "more", nil), fault.Unavailable, "connection-lost")
			_ = l.door.Close()
			if n, m := l.atClient.Times(), l.atVendor.Times(); n != 1 || m != 1 {
				t.Errorf("told of the end %d and %d times", n, m)
			}
		})
	}
}

func testLastWords(t *testing.T, w World) {
	const n = 50
	heard := make(chan string, n)
	l := connect(t, w,
		&Handler{OnNotification: func(_ comm.Conn, method string, _ json.RawMessage) { heard <- method }},
		&Handler{OnNotification: func(c comm.Conn, _ string, _ json.RawMessage) {
			for range n {
				_ = c.Notify(context.Background(), "word", nil) // a lost one is missed below
			}
			_ = c.Close()
		}})
	if err := l.initiator.Notify(within(t), "leave", nil); err != nil {
		t.Fatal(err)
	}
	await(t, l.atClient.Ended())
	if len(heard) != n {
		t.Errorf("%d of %d words arrived before the end", len(heard), n)
	}
}

func testAcceptRefuses(t *testing.T, w World) {
	door := listen(t, w(nil), func(comm.Conn) (comm.Handler, error) { return nil, errors.New("not today") })
	h := &Handler{}
	conn, err := w(nil).Transport.Dial(within(t), door.Address(), h)
	if err != nil {
		wantFault(t, err, fault.Denied, fault.ReasonOf(err))
		return
	}
	wantFault(t, conn.Call(within(t), "hello", nil, nil), fault.Unavailable, "connection-lost")
	await(t, h.Ended())
}

func testAgain(t *testing.T, w World) {
	accepted := make(chan comm.Conn, 1)
	vendor, client := w(nil), w(nil)
	if vendor.Once {
		return // nothing can follow
	}
	door := listen(t, vendor, func(c comm.Conn) (comm.Handler, error) {
		accepted <- c
		return Echo(), nil
	})
	for n := range 6 {
		h := &Handler{}
		conn := dial(t, client, door.Address(), h)
		there := await(t, accepted)
		var got int
		if err := conn.Call(within(t), "echo", n, &got); err != nil || got != n {
			t.Fatalf("connection %d: %d, %v", n, got, err)
		}
		ends := conn
		if n%2 == 1 {
			ends = there
		}
		if err := ends.Close(); err != nil {
			t.Fatal(err)
		}
		await(t, h.Ended())
	}
}

func testListenerClose(t *testing.T, w World) {
	l := connect(t, w, &Handler{}, Echo())
	if err := l.door.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if l.atVendor.Times() != 1 {
		t.Error("the listener closed before its connections had ended")
	}
	await(t, l.atClient.Ended())
	if err := l.door.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func testListenContext(t *testing.T, w World) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	atVendor, atClient := Echo(), &Handler{}
	vendor := w(nil)
	door, err := vendor.Transport.Listen(ctx, vendor.Listen, func(comm.Conn) (comm.Handler, error) { return atVendor, nil })
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, w(nil), door.Address(), atClient)
	if err := conn.Call(within(t), "echo", nil, nil); err != nil {
		t.Fatal(err)
	}
	cancel()
	await(t, atVendor.Ended())
	await(t, atClient.Ended())
}

func testUnreachable(t *testing.T, w World) {
	door := listen(t, w(nil), func(comm.Conn) (comm.Handler, error) { return Echo(), nil })
	nobody := door.Address()
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := w(nil).Transport.Dial(within(t), nobody, &Handler{})
	wantFault(t, err, fault.Unavailable, "peer-unreachable")

	over, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = w(nil).Transport.Dial(over, nobody, &Handler{})
	wantFault(t, err, fault.Timeout, "dial-timeout")
	if f := fault.From(err); !strings.Contains(f.Message, "broken off") {
		t.Errorf("whoever has left reads %q", f.Message)
	}
}
