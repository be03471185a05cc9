package controller

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/protocol"
)

// A wallet has an identity for each vendor. It signs a payment with the one of its session's connection, and
// with the right one, too, where there was no connection yet.
func TestAPaymentIsSignedWithTheIdentityOfItsSession(t *testing.T) {
	derived := 0
	towards := func(peer string) *crypto.Identity {
		derived++
		return crypto.NewIdentity(crypto.NewSecret([]byte((peer + "................................")[:32])))
	}
	c := &Controller{parts: Parts{Towards: towards}}
	s := c.newSession(comm.Peer{Name: "shop", Key: "shop's"}, Login{})
	signed := func() bool {
		r := protocol.Execution{ID: "op", Protocol: "prepaid.signed", Call: protocol.Call{Operation: protocol.Pay}}
		offered := Offered{Offer: comm.Offer{Body: []byte("offer")}}
		if err := s.sign(t.Context(), &r, offered, nil); err != nil {
			t.Fatal(err)
		}
		return crypto.Verify(towards("shop's").Public(), PayerText(*r.Offer, "op", "prepaid.signed", protocol.Pay, *r.Payer), r.Payer.Signature)
	}
	if !signed() {
		t.Error("without a connection another identity has signed")
	}
	s.self = towards("shop's")
	derived = 0
	if !signed() || derived != 1 { // by the test itself
		t.Errorf("with a connection another identity has signed, or it was derived again: %d", derived)
	}
}
