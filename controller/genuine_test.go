package controller

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
)

// signer is a controller that only signs offers and reads its own.
func signer(t *testing.T, seed byte) *Controller {
	t.Helper()
	return &Controller{parts: Parts{
		Identity: crypto.NewIdentity(crypto.NewSecret(bytes.Repeat([]byte{seed}, 32))), Random: bytes.NewReader(make([]byte, 1024)),
		Clock: func() time.Time { return time.Unix(1, 0) },
	}}
}

// TestAnOfferIsOursToTheByte shows an offer again and again, and others that are nearly it in between.
func TestAnOfferIsOursToTheByte(t *testing.T) {
	c, stranger := signer(t, 1), signer(t, 2)
	made := func(by *Controller) comm.Offer {
		o, err := by.offer("payer", "ticket", instrument.Terms{Price: instrument.Amount{Currency: "CHF", Value: 5}}, instrument.Invoice{"n": "1"}, transcript{})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	own, foreign := made(c), made(stranger)
	if _, err := c.ownOffer(foreign); fault.ReasonOf(err) != "offer-signature" {
		t.Errorf("an offer of another: %v", err)
	}
	for range 3 {
		body, err := c.ownOffer(own)
		if err != nil || body.Terms.Price.Value != 5 || body.Invoice["n"] != "1" {
			t.Fatalf("our offer: %+v, %v", body, err)
		}
		body.Invoice["n"] = "spoilt" // what was given out is the caller's
		for at := range own.Body {
			near := own
			near.Body = slices.Clone(own.Body)
			near.Body[at] ^= 1
			if _, err := c.ownOffer(near); fault.ReasonOf(err) != "offer-signature" {
				t.Fatalf("another byte %d: %v", at, err)
			}
		}
		for at := range own.Signature {
			near := own
			near.Signature = slices.Clone(own.Signature)
			near.Signature[at] ^= 1
			if _, err := c.ownOffer(near); fault.ReasonOf(err) != "offer-signature" {
				t.Fatalf("another byte %d of the signature: %v", at, err)
			}
		}
		for _, near := range []comm.Offer{
			{Body: own.Body},
			{Body: own.Body, Signature: foreign.Signature},
			{Body: foreign.Body, Signature: foreign.Signature},
			{Body: own.Body[:len(own.Body)-1], Signature: append(slices.Clone(own.Body[len(own.Body)-1:]), own.Signature...)},
			{Body: append(slices.Clone(own.Body), own.Signature[0]), Signature: own.Signature[1:]},
		} {
			if _, err := c.ownOffer(near); fault.ReasonOf(err) != "offer-signature" {
				t.Errorf("%d bytes and a signature of %d: %v", len(near.Body), len(near.Signature), err)
			}
		}
	}
	if len(c.genuine.seen) != 1 {
		t.Errorf("%d offers are remembered, and one was ours", len(c.genuine.seen))
	}
}

func TestFewOffersAreRemembered(t *testing.T) {
	var g genuine
	for n := range 2*mostGenuine + 1 {
		g.add([32]byte{byte(n), byte(n >> 8)})
		if len(g.seen) > mostGenuine {
			t.Fatal(len(g.seen))
		}
	}
	if !g.has([32]byte{0, byte(2 * mostGenuine >> 8)}) {
		t.Error("the last one is forgotten")
	}
}
