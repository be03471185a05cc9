package taler

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

func benchBatch(b *testing.B, n int) {
	b.Helper()
	raw, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	key, err := crypto.NewRSAPrivateKey(raw)
	if err != nil {
		b.Fatal(err)
	}
	encoded := key.Public().Encode()
	d := taler.Denomination{DenomPubHash: crypto.DenomHash(0, crypto.CipherRSA, encoded), RSAPub: encoded, Value: sum("CHF:1"), FeeWithdraw: sum("CHF:0")}
	r := taler.Reserve{ReservePriv: taler.StoredSecret{1}, Seed: taler.StoredSecret{2}, Amount: sum("CHF:100")}
	plan := []taler.PlannedCoins{{Denomination: d, Count: n}}
	batch, err := batchForm().newBatch(r, plan)
	if err != nil {
		b.Fatal(err)
	}
	var asked taler.BatchWithdrawRequest
	if err := json.Unmarshal(batch.Body, &asked); err != nil {
		b.Fatal(err)
	}
	var answer taler.BatchWithdrawResponse
	for _, p := range asked.Planchets {
		sig, err := key.SignBlinded(p.CoinEv.RSABlindedPlanchet)
		if err != nil {
			b.Fatal(err)
		}
		answer.EvSigs = append(answer.EvSigs, taler.EvSig{EvSig: taler.BlindSignature{Cipher: taler.CipherRSA, BlindedRSASignature: sig}})
	}
	body, err := json.Marshal(answer)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := batchForm().newBatch(r, plan); err != nil {
			b.Fatal(err)
		}
		if coins, err := batchForm().mint(r, *batch, body); err != nil || len(coins) != n {
			b.Fatal(len(coins), err)
		}
	}
}
