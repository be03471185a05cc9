package taler_test

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// generated is a file of computations that GNUnet's or Taler's own library made.
func generated(t *testing.T, name string) []fields {
	t.Helper()
	var file struct {
		Kind, Source string
		Vectors      []fields
	}
	load(t, name, &file)
	if file.Kind == "" || file.Source == "" || len(file.Vectors) == 0 {
		t.Fatalf("%s does not say what it is", name)
	}
	return file.Vectors
}

func TestGNUnetVectorGenerator(t *testing.T) {
	checks := map[string]func(*testing.T, fields){
		"hash": func(t *testing.T, v fields) {
			h := taler.H(v.b32(t, "input"))
			equal(t, "hash", h[:], v.b32(t, "output"))
		},
		"eddsa_key_derivation": func(t *testing.T, v fields) {
			pub := private(t, v.text(t, "priv")).Public()
			equal(t, "public key", pub[:], v.b32(t, "pub"))
		},
		"eddsa_signing": func(t *testing.T, v fields) {
			signs(t, v.text(t, "priv"), v.b32(t, "data"), v.text(t, "sig"))
		},
		"kdf": func(t *testing.T, v fields) {
			n := v.number(t, "out_len")
			equal(t, "output", taler.KDF(v.b32(t, "salt"), v.b32(t, "ikm"), v.b32(t, "ctx"), int(n)), v.b32(t, "out"))
		},
		"rsa_blind_signing": func(t *testing.T, v fields) {
			d := sexpNumber(t, v.b32(t, "rsa_private_key"), "d")
			key := rsaFromExponent(t, v.b32(t, "rsa_public_key"), d)
			blindSigns(t, key, blindingSecret(t, v.b32(t, "blinding_key_secret")), v.b32(t, "message_hash"),
				v.b32(t, "blinded_message"), v.b32(t, "blinded_sig"), v.b32(t, "sig"))
		},
	}
	for _, v := range generated(t, "gnunet-tvg.json") {
		operation := v.text(t, "operation")
		t.Run(operation, func(t *testing.T) { checks[operation](t, v) })
	}
}

// sexpNumber is a number of the canonical S-expression in which libgcrypt writes
// private keys: (1:d256:…).
func sexpNumber(t *testing.T, sexp []byte, name string) *big.Int {
	t.Helper()
	_, rest, found := strings.Cut(string(sexp), "(1:"+name)
	size, rest, colon := strings.Cut(rest, ":")
	n, err := strconv.Atoi(size)
	if !found || !colon || err != nil || n > len(rest) {
		t.Fatalf("the private key has no %s", name)
	}
	return new(big.Int).SetBytes([]byte(rest[:n]))
}

func TestTalerLibrary(t *testing.T) {
	checks := map[string]func(*testing.T, fields){
		"rsa_withdraw_no_age":    libraryCoin,
		"payto":                  libraryPayto,
		"amount_parse":           libraryAmount,
		"base32_decode_32_bytes": libraryBase32,
	}
	for _, v := range generated(t, "libtalerutil.json") {
		operation, name := v.text(t, "operation"), ""
		for _, of := range []string{"input", "full_payto", "coin_pub"} {
			if _, ok := v[of]; ok {
				name = v.text(t, of)
			}
		}
		t.Run(operation+" "+name, func(t *testing.T) { checks[operation](t, v) })
	}
}

func libraryCoin(t *testing.T, v fields) {
	fromMaster := v.b32(t, "planchet_master_secret")
	equal(t, "coin", taler.KDF([]byte("coin"), fromMaster, nil, 32), v.b32(t, "coin_priv"))
	equal(t, "blinding", taler.KDF([]byte("bks"), fromMaster, nil, 32), v.b32(t, "blinding_key_secret"))

	var denomPub, ev, evSig, sig fields
	v.get(t, "denom_pub", &denomPub)
	v.get(t, "coin_ev", &ev)
	v.get(t, "ev_sig", &evSig)
	v.get(t, "denom_sig", &sig)
	pub, err := taler.ParseRSAPublicKey(denomPub.b32(t, "rsa_pub"))
	if err != nil {
		t.Fatal(err)
	}
	denom := taler.DenomHash(uint32(denomPub.number(t, "age_mask")), taler.CipherRSA, pub.Encode())
	equal(t, "denomination hash", denom[:], v.b32(t, "denom_pub_hash"))
	coin := private(t, v.text(t, "coin_priv")).Public()
	equal(t, "coin", coin[:], v.b32(t, "coin_pub"))
	m := taler.CoinPubHash(coin, taler.ShortHash{})
	equal(t, "coin hash", m[:], v.b32(t, "coin_pub_hash"))

	secret := blindingSecret(t, v.b32(t, "blinding_key_secret"))
	blinded, err := taler.Blind(pub, secret, m[:])
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "planchet", blinded, ev.b32(t, "rsa_blinded_planchet"))
	unblinds(t, pub, secret, m[:], evSig.b32(t, "blinded_rsa_signature"), sig.b32(t, "rsa_signature"))
	evHash := taler.CoinEvHash(denom, taler.CipherRSA, blinded)
	equal(t, "envelope hash", evHash[:], v.b32(t, "coin_ev_hash"))

	total := v.amount(t, "amount_with_fee")
	nbo := taler.AmountNBO(total)
	equal(t, "amount", nbo[:], v.b32(t, "amount_with_fee_nbo"))
	message := taler.CoinWithdrawal{AmountWithFee: total, Denom: denom, CoinEv: evHash}.Message()
	signs(t, v.text(t, "reserve_priv"), message, v.text(t, "reserve_withdraw_sig"))
}

func libraryPayto(t *testing.T, v fields) {
	h := taler.FullPaytoHash(v.text(t, "full_payto"))
	equal(t, "hash", h[:], v.b32(t, "full_payto_hash"))
}

// The library reads "KUDOS:.5", which Taler's documents do not allow: we write
// the sum as it does, and leave the reading to instrument.ParseAmount.
func libraryAmount(t *testing.T, v fields) {
	if string(v["ok"]) != "true" {
		if a, err := instrument.ParseAmount(v.text(t, "input")); err == nil {
			t.Errorf("%s is read as %s", v["input"], a)
		}
		return
	}
	a, err := instrument.ParseAmount(v.text(t, "canonical"))
	if err != nil {
		t.Fatal(err)
	}
	nbo := taler.AmountNBO(a)
	equal(t, "amount", nbo[:], v.b32(t, "nbo"))
}

func libraryBase32(t *testing.T, v fields) {
	data, err := taler.DecodeFixed(v.text(t, "input"), 32)
	if string(v["ok"]) != "true" {
		if err == nil {
			t.Errorf("%s is read as %x", v["input"], data)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(data); got != v.text(t, "hex") {
		t.Errorf("decoded %s, want %s", got, v["hex"])
	}
	if got := taler.Encode(data); got != v.text(t, "canonical") {
		t.Errorf("encoded %s, want %s", got, v["canonical"])
	}
}
