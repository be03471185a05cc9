package controller_test

import (
	"context"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/protocol"
)

// short is a line that breaks as soon as the peer has said who it is.
type short struct{ comm.Transport }

// Dial implements comm.Transport.
func (s short) Dial(ctx context.Context, a comm.Address, h comm.Handler) (comm.Conn, error) {
	over := make(chan struct{})
	conn, err := s.Transport.Dial(ctx, a, tellsEnd{h, over})
	return broken{conn, over}, err
}

type tellsEnd struct {
	comm.Handler
	over chan struct{}
}

// Closed implements comm.Handler.
func (t tellsEnd) Closed(c comm.Conn) {
	t.Handler.Closed(c)
	close(t.over)
}

type broken struct {
	comm.Conn
	over chan struct{}
}

// Call implements comm.Conn.
func (b broken) Call(ctx context.Context, method string, params, result any) error {
	err := b.Conn.Call(ctx, method, params, result)
	_ = b.Close()
	<-b.over
	return err
}

// A peer that is lost at once is called what it has called itself, also where nobody has given it a name.
func TestALostPeerHasAName(t *testing.T) {
	net := inproc.NewNetwork()
	tickets := []protocol.Bundle{controllertest.Tickets()}
	from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets, Ways: func(i *crypto.Identity) []comm.Transport {
		return []comm.Transport{short{net.Transport(inproc.Options{Key: i.KeyText()})}}
	}})
	peer := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets}).Listen(t, &shop{})
	peer.Name = ""
	_, err := from.InitiateSession(t.Context(), peer, controller.Login{})
	wantReason(t, err, "connection-lost")
	if !strings.Contains(err.Error(), "the connection to vendor is lost") {
		t.Error(err)
	}
}
