package commtest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func testKeys(t *testing.T, w World) {
	l := connect(t, w, &Handler{}, Echo())
	if got := l.initiator.Peer().Key; got != l.vendor.Key {
		t.Errorf("the client sees the key %q, want %q", got, l.vendor.Key)
	}
	if got := l.servicer.Peer().Key; got != l.client.Key {
		t.Errorf("the vendor sees the key %q, want %q", got, l.client.Key)
	}
	if got := l.door.Address().Key; got != l.vendor.Key {
		t.Errorf("the listener's address has the key %q, want %q", got, l.vendor.Key)
	}
	l.servicer.(comm.Introduced).Introduce("gary", comm.Client)
	if got := l.servicer.Peer(); got.Name != "gary" || got.Role != comm.Client || got.Key != l.client.Key {
		t.Errorf("introduced as %+v", got)
	}
}

func testChangedKey(t *testing.T, w World) {
	client, vendor, other := w(trusting), w(nil), w(nil)
	door := listen(t, vendor, refuseTest(t))
	a := door.Address()
	a.Key = other.Key
	_, err := client.Transport.Dial(within(t), a, &Handler{})
	f := wantFault(t, err, fault.Denied, "peer-key-changed")
	if !strings.Contains(f.Message, vendor.Key) || !strings.Contains(f.Message, other.Key) {
		t.Errorf("message does not show both keys: %s", f.Message)
	}
}

func testUnknownPeer(t *testing.T, w World) {
	client, vendor := w(nil), w(nil)
	door := listen(t, vendor, refuseTest(t))
	a := door.Address()
	a.Key = ""
	_, err := client.Transport.Dial(within(t), a, &Handler{})
	f := wantFault(t, err, fault.Denied, "peer-unknown")
	if !strings.Contains(f.Hint, "--trust "+vendor.Key) {
		t.Errorf("hint is %q", f.Hint)
	}
}

func testTrust(t *testing.T, w World) {
	door := func() (comm.Address, Party) {
		vendor := w(nil)
		a := listen(t, vendor, func(comm.Conn) (comm.Handler, error) { return Echo(), nil }).Address()
		a.Key = ""
		return a, vendor
	}
	a, vendor := door()
	var asked string
	client := w(func(_ context.Context, key string, _ comm.Address) error {
		asked = key
		return nil
	})
	conn := dial(t, client, a, &Handler{})
	if err := conn.Call(within(t), "echo", nil, nil); err != nil {
		t.Errorf("call: %v", err)
	}
	if asked != vendor.Key || conn.Peer().Key != vendor.Key {
		t.Errorf("asked about %q, connected to %q, want %q", asked, conn.Peer().Key, vendor.Key)
	}

	a, _ = door()
	careful := w(func(context.Context, string, comm.Address) error {
		return fault.New(fault.Denied, "the person said no").Because("person-refused")
	})
	_, err := careful.Transport.Dial(within(t), a, &Handler{})
	wantFault(t, err, fault.Denied, "person-refused")
}

func testNoKeys(t *testing.T, w World) {
	l := connect(t, w, &Handler{}, Echo())
	if here, there := l.initiator.Peer().Key, l.servicer.Peer().Key; here != "" || there != "" {
		t.Errorf("the peers have the keys %q and %q", here, there)
	}
	a := l.door.Address()
	if a.Key != "" {
		t.Errorf("the listener's address has the key %q", a.Key)
	}
	a.Key = "KEY"
	_, err := w(trusting).Transport.Dial(within(t), a, &Handler{})
	wantFault(t, err, fault.Denied, "key-in-clear")
}

func testBinding(t *testing.T, w World) {
	first, second := connect(t, w, &Handler{}, Echo()), connect(t, w, &Handler{}, Echo())
	binding := func(c comm.Conn) []byte { return c.(comm.Bound).Binding() }
	for _, l := range []*line{first, second} {
		if b := binding(l.initiator); len(b) != 32 || !bytes.Equal(b, binding(l.servicer)) {
			t.Errorf("the sides see %x and %x", b, binding(l.servicer))
		}
	}
	if bytes.Equal(binding(first.initiator), binding(second.initiator)) {
		t.Error("two connections have one binding")
	}
}

func trusting(context.Context, string, comm.Address) error { return nil }

// refuseTest is for doors that nobody may come through.
func refuseTest(t *testing.T) func(comm.Conn) (comm.Handler, error) {
	return func(comm.Conn) (comm.Handler, error) {
		t.Error("a connection was made")
		return Echo(), nil
	}
}
