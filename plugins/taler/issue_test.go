package taler_test

import (
	"bytes"
	"testing"

	wire "github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// A coin that was changed in any way is not verified.
func TestCoinsAreHeldToTheirSignature(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:10.01", "CHF:10.01")
	if _, err := w.batch("WITHDRAW", r.Reserve, nil); err != nil {
		t.Fatal(err)
	}
	coin := w.coins()[0]
	if !coin.Verified() {
		t.Fatal("the coin does not verify")
	}
	for name, spoil := range map[string]func(*wire.Coin){
		"another private key": func(c *wire.Coin) { c.CoinPriv[0] ^= 1 },
		"another public key":  func(c *wire.Coin) { c.CoinPub[0] ^= 1 },
		"another signature":   func(c *wire.Coin) { c.Signature = bytes.Clone(c.Signature); c.Signature[5] ^= 1 },
		"another key":         func(c *wire.Coin) { c.Denom = rsaKeys()[1].Public().Encode() },
		"another key, named": func(c *wire.Coin) {
			c.Denom = rsaKeys()[1].Public().Encode()
			c.DenomPubHash = crypto.DenomHash(0, crypto.CipherRSA, c.Denom)
		},
		"no key": func(c *wire.Coin) { c.Denom = nil },
	} {
		c := coin
		if spoil(&c); c.Verified() {
			t.Errorf("%s: it verifies", name)
		}
	}
}
