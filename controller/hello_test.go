package controller_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// reception is a vendor behind a door as a real party opens it, and somebody who
// knocks.
func reception(t *testing.T, hello time.Duration, s controller.Servicing) (from *controllertest.Party, to comm.Peer) {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets()}
	from = controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets})
	vendor := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets, Hello: hello})
	key := vendor.Identity.KeyText()
	door, err := net.Transport(inproc.Options{Key: key}).Listen(t.Context(), comm.Address{Scheme: inproc.Scheme, Path: "reception"}, vendor.Accept(s))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	return from, comm.Peer{Role: comm.Vendor, Key: key, Addresses: []string{door.Address().String()}}
}

func hello(from *controllertest.Party) comm.Initiate {
	return comm.Initiate{Name: "x", Role: comm.Client, PNP: from.Self().PNP}
}

// ended waits for the end of a connection, which a defect would let stand.
func ended(t *testing.T, conn comm.Conn) {
	t.Helper()
	select {
	case <-conn.(interface{ Done() <-chan struct{} }).Done():
	case <-t.Context().Done():
	}
}

func TestWhoSaysNoHelloIsSentAway(t *testing.T) {
	from, to := reception(t, time.Second, &shop{})
	inside, err := inTime(t, from, to, comm.MethodInitiate, hello(from))
	if err != nil {
		t.Fatal(err)
	}
	silent := from.Dial(t, to)
	chatty, err := inTime(t, from, to, comm.MethodClasses, comm.Classes{})
	wantReason(t, err, "out-of-order")
	ended(t, silent)
	ended(t, chatty)
	if err := inside.Call(t.Context(), comm.MethodClasses, comm.Classes{}, nil); err != nil {
		t.Errorf("who has said it: %v", err)
	}
}

// inTime dials and calls until there is an answer: where everything is slow, a
// connection may have ended before it.
func inTime(t *testing.T, from *controllertest.Party, to comm.Peer, method string, params any) (comm.Conn, error) {
	t.Helper()
	for {
		conn := from.Dial(t, to)
		err := conn.Call(t.Context(), method, params, nil)
		if fault.ReasonOf(err) != "connection-lost" || t.Context().Err() != nil {
			return conn, err
		}
	}
}

func TestWhoIsRefusedHearsWhyAndIsSentAway(t *testing.T) {
	s := &shop{admit: func(context.Context) (profile.Principal, error) {
		return profile.Principal{}, fault.New(fault.Denied, "not you").Because("credentials")
	}}
	from, to := reception(t, time.Hour, s)
	for name, row := range map[string]struct {
		pnp, name string
		reason    fault.Reason
	}{
		"by the role":            {from.Self().PNP, "x", "credentials"},
		"by the role, long name": {from.Self().PNP, strings.Repeat("x", 256), "credentials"},
		"for another PNP":        {"pnp.other", "x", "pnp-differs"},
		"for too long a name":    {from.Self().PNP, strings.Repeat("x", 257), "name-too-long"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, say := from.Dial(t, to), hello(from)
			say.PNP, say.Name = row.pnp, row.name
			wantReason(t, conn.Call(t.Context(), comm.MethodInitiate, say, nil), row.reason)
			ended(t, conn)
			if err := conn.Call(t.Context(), comm.MethodInitiate, say, nil); !errors.Is(err, fault.Unavailable) {
				t.Errorf("a second try over the connection: %v", err)
			}
		})
	}
}

// doorman notes as whom an initiator is admitted.
type doorman struct {
	*shop
	saw chan string
}

func (d doorman) Admit(ctx context.Context, peer comm.Peer, hello comm.Initiate) (profile.Principal, error) {
	d.saw <- peer.Name
	return d.shop.Admit(ctx, peer, hello)
}

// People read the name that a peer gives itself: it is one line and not long, or the
// peer could write lines of ours, such as that something was paid.
func TestTheNameOfAPeerIsOneShortLine(t *testing.T) {
	for said, want := range map[string]string{
		"Corner shop":                         "Corner shop",
		"shop\nPaid CHF:5\x1b[2J\u202e\tonce": "shop Paid CHF:5[2J once",
		strings.Repeat("é", 128):              strings.Repeat("é", 128),
	} {
		d := doorman{&shop{}, make(chan string, 1)}
		from, to := reception(t, time.Hour, d)
		conn, say := from.Dial(t, to), hello(from)
		say.Name = said
		if err := conn.Call(t.Context(), comm.MethodInitiate, say, nil); err != nil {
			t.Fatal(err)
		}
		if got := <-d.saw; got != want {
			t.Errorf("a servicer calls %q %q", said, got)
		}
		named := func(i *comm.Initiated) { i.Name = said + strings.Repeat("!", 256-len(want)) + "!" }
		p := newShop(t, &shop{}, time.Now, comm.MethodInitiate, told(comm.MethodInitiate, named))
		p.peer.Name = ""
		if got := p.session(t).Peer().Name; !strings.HasPrefix(got, want) || len(got) > 256 {
			t.Errorf("an initiator calls %q %q", said, got)
		}
	}
}
