package client_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// counting counts the sessions that begin at a door.
type counting struct {
	comm.Handler
	begun *atomic.Int32
}

func (c counting) Request(ctx context.Context, conn comm.Conn, method string, params json.RawMessage) (any, error) {
	if method == comm.MethodInitiate {
		c.begun.Add(1)
	}
	return c.Handler.Request(ctx, conn, method, params)
}

// A shop has moved since a payment was made of several instruments, of which some is to come
// back. It is asked for where the book says that the shop is now.
func TestAPaymentComesBackFromAVendorThatHasMoved(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	m.keeps.Store(false)
	var begun atomic.Int32
	now := m.till.ListenWith(t, func(h comm.Handler) comm.Handler { return counting{h, &begun} }, m.shop.Servicing())
	now.Name = "shop"
	check(t, m.party.Store.PutPeer(t.Context(), now))
	var dead atomic.Bool
	dead.Store(true)
	got, err := m.beside(&dead).RefundPayment(t.Context(), name)
	if err != nil || got.Status != client.PaymentRefunded || begun.Load() == 0 {
		t.Errorf("it is %s, with %d sessions where the shop is now: %v", got.Status, begun.Load(), err)
	}
}

// Where the book says that a shop is, somebody else is by now. A payment of several instruments
// comes back from where the shop was when it was made.
func TestAPaymentComesBackAlthoughTheBookNamesAnother(t *testing.T) {
	m := openMarket(t)
	name := m.withheld()
	m.keeps.Store(false)
	other := controllertest.New(t, m.net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{vendor.Payments()}})
	there := other.Listen(t, vendor.New(other.Controller, nil, vendor.Config{Merchant: "Other shop"}).Servicing())
	known := comm.Peer{Name: "shop", Key: m.peer.Key, Addresses: there.Addresses}
	check(t, m.party.Store.PutPeer(t.Context(), known))
	var dead atomic.Bool
	dead.Store(true)
	got, err := m.beside(&dead).RefundPayment(t.Context(), name)
	if err != nil || got.Status != client.PaymentRefunded {
		t.Errorf("it is %s: %v", got.Status, err)
	}
}
