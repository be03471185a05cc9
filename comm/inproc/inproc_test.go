package inproc_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
)

func TestTransport(t *testing.T) {
	commtest.TestTransport(t, func(testing.TB) commtest.World {
		net, n := inproc.NewNetwork(), 0
		return func(trust comm.Trust) commtest.Party {
			n++
			key := fmt.Sprintf("KEY%d", n)
			return commtest.Party{
				Transport: net.Transport(inproc.Options{Key: key, Trust: trust, MaxFrame: 64 << 10}),
				Key:       key,
				Listen:    comm.Address{Scheme: inproc.Scheme, Path: fmt.Sprintf("party-%d", n)},
				MaxFrame:  64 << 10,
			}
		}
	})
}

func TestANameIsTakenOnce(t *testing.T) {
	party := inproc.NewNetwork().Transport(inproc.Options{Key: "BANK"})
	accept := func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil }
	name := comm.Address{Scheme: inproc.Scheme, Path: "bank"}
	door, err := party.Listen(context.Background(), name, accept)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := party.Listen(context.Background(), name, accept); fault.ReasonOf(err) != "address-taken" {
		t.Errorf("second listener: %v", err)
	}
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := party.Listen(context.Background(), name, accept)
	if err != nil {
		t.Fatalf("after the first has gone: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := party.Listen(context.Background(), comm.Address{Scheme: inproc.Scheme}, accept); fault.KindOf(err) != fault.Invalid {
		t.Errorf("without a name: %v", err)
	}
}

// Two runs of the same dials give the same bindings, so that what is derived
// from them can be compared between runs.
func TestBindingsAreTheSameInEachRun(t *testing.T) {
	run := func() (bindings string) {
		net := inproc.NewNetwork()
		door, err := net.Transport(inproc.Options{Key: "BANK"}).Listen(context.Background(),
			comm.Address{Scheme: inproc.Scheme, Path: "bank"},
			func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
		if err != nil {
			t.Fatal(err)
		}
		defer door.Close()
		for range 3 {
			conn, err := net.Transport(inproc.Options{Key: "WALLET"}).Dial(context.Background(), door.Address(), &commtest.Handler{})
			if err != nil {
				t.Fatal(err)
			}
			bindings += fmt.Sprintf("%x ", conn.(comm.Bound).Binding())
		}
		return bindings
	}
	if a, b := run(), run(); a != b {
		t.Errorf("bindings differ:\n%s\n%s", a, b)
	}
}

func BenchmarkCall(b *testing.B) {
	net := inproc.NewNetwork()
	door, err := net.Transport(inproc.Options{Key: "BANK"}).Listen(b.Context(),
		comm.Address{Scheme: inproc.Scheme, Path: "bank"},
		func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
	if err != nil {
		b.Fatal(err)
	}
	defer door.Close()
	conn, err := net.Transport(inproc.Options{Key: "WALLET"}).Dial(b.Context(), door.Address(), &commtest.Handler{})
	if err != nil {
		b.Fatal(err)
	}
	commtest.BenchmarkCall(b, conn)
}
