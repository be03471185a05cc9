package taler_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/crypto/taler"
)

// unifiedRequest checks the request of protocol 26 as a whole: which planchets are
// signed, in which order, for which sums.
func unifiedRequest(t *testing.T, v vector) {
	var in struct {
		Reserve taler.EddsaPublicKey `json:"reserve_pub"`
		Denoms  []taler.HashCode     `json:"denoms_h"`
		CoinEvs []struct {
			Cipher  string `json:"cipher"`
			Blinded string `json:"rsa_blinded_planchet"`
		} `json:"coin_evs"`
		Sig taler.EddsaSignature `json:"reserve_sig"`
	}
	v.Inputs.get(t, "request", &in)
	if len(in.Denoms) == 0 || len(in.Denoms) != len(in.CoinEvs) {
		t.Fatalf("%d denominations for %d planchets", len(in.Denoms), len(in.CoinEvs))
	}
	sums := named(t, "withdraw-v26-signature").Inputs
	consent := taler.Withdrawal{Amount: sums.amount(t, "amount"), Fee: sums.amount(t, "fee")}
	for n, ev := range in.CoinEvs {
		consent.CoinEvs = append(consent.CoinEvs, taler.CoinEvHash(in.Denoms[n], taler.CipherRSA, b32(t, ev.Blinded)))
	}
	accepts(t, in.Reserve, consent.Message(), in.Sig)
}

// batchRequest is the same withdrawal in the form of protocol 15 to 25.
func batchRequest(t *testing.T, v vector) {
	var sample keys
	named(t, "keys-response-sample").Outputs.get(t, "response", &sample)
	var w withdrawRequest
	v.Inputs.get(t, "request", &w)
	w.verifyReserve(t, v.Inputs.text(t, "path"), sample.prices(t))
}

// schnorrRequest checks the name of a Clause-Schnorr envelope, the one thing of
// such coins that is built here.
func schnorrRequest(t *testing.T, v vector) {
	var in struct {
		Planchets []struct {
			Denom  taler.HashCode `json:"denom_pub_hash"`
			CoinEv fields         `json:"coin_ev"`
			Sig    taler.EddsaSignature
		} `json:"planchets"`
	}
	v.Inputs.get(t, "request", &in)
	p := in.Planchets[0]
	denom := taler.DenomHash(0, taler.CipherCS, v.Inputs.b32(t, "cs_pub_b32"))
	equal(t, "denomination", denom[:], p.Denom[:])
	envelope := append(p.CoinEv.b32(t, "cs_blinded_c0"), p.CoinEv.b32(t, "cs_blinded_c1")...)
	ev := taler.CoinEvHash(denom, taler.CipherCS, append(envelope, p.CoinEv.b32(t, "cs_nonce")...))
	equal(t, "envelope", ev[:], v.Outputs.b32(t, "coin_ev_hash_b32"))
}
