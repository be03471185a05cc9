package taler_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/taler"
)

var operations = map[string]func(*testing.T, vector){
	"sha512":                        sha512Vector,
	"base32":                        base32Vector,
	"amount_nbo":                    amountVector,
	"timestamp_nbo":                 timestampVector,
	"json_hash":                     jsonVector,
	"full_payto_hash":               paytoVector,
	"ed25519_public":                publicVector,
	"ed25519_sign":                  eddsaVector,
	"kdf":                           kdfVector,
	"merchant_wire_hash":            wireHashVector,
	"planchet_master_secret":        masterSecretVector,
	"exchange_lib_withdraw_secrets": withdrawSecretsVector,
	"sha512_of_rsa_pub_encoding":    rsaHashVector,
	"rsa_blind_sign":                blindVector,
	"wallet_planchet_derive":        deriveVector,
	"denom_pub_hash":                denomVector,
	"coin_pub_hash":                 coinHashVector,
	"withdraw_rsa_coin":             coinVector,
	"withdraw_v26":                  withdrawalVector,
	"age_commitment_hash":           ageVector,
	"sign":                          statementVector,
	"http_sample":                   httpVector,
}

func TestVectors(t *testing.T) {
	var file struct{ Vectors []vector }
	load(t, "vectors.json", &file)
	if len(file.Vectors) < 65 {
		t.Fatalf("only %d vectors", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			check, ok := operations[v.Op]
			if !ok || v.Kind == "" || v.Source == "" {
				t.Fatalf("vector of operation %q, kind %q, source %q", v.Op, v.Kind, v.Source)
			}
			check(t, v)
		})
	}
}

func sha512Vector(t *testing.T, v vector) {
	h := taler.H(v.Inputs.b32(t, "data_b32"))
	equal(t, "hash", h[:], v.Outputs.b32(t, "hash_b32"))
}

func base32Vector(t *testing.T, v vector) {
	data, text := v.Inputs.hex(t, "data_hex"), v.Outputs.text(t, "b32")
	if got := taler.Encode(data); got != text {
		t.Errorf("encoded %s, want %s", got, text)
	}
	equal(t, "decoded", b32(t, text), data)
}

func amountVector(t *testing.T, v vector) {
	nbo := taler.AmountNBO(v.Inputs.amount(t, "amount"))
	equal(t, "amount", nbo[:], v.Outputs.hex(t, "nbo_hex"))
}

func timestampVector(t *testing.T, v vector) {
	var at taler.Timestamp
	whole, err := json.Marshal(v.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(whole, &at); err != nil {
		t.Fatal(err)
	}
	nbo := at.NBO()
	equal(t, "time", nbo[:], v.Outputs.hex(t, "nbo_hex"))
}

func jsonVector(t *testing.T, v vector) {
	h, err := taler.HashJSON([]byte(v.Inputs.text(t, "canonical_json")))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "hash", h[:], v.Outputs.b32(t, "hash_b32"))
}

func paytoVector(t *testing.T, v vector) {
	h := taler.FullPaytoHash(v.Inputs.text(t, "payto_uri"))
	equal(t, "hash", h[:], v.Outputs.b32(t, "h_full_payto_b32"))
}

func publicVector(t *testing.T, v vector) {
	pub := private(t, v.Inputs.text(t, "priv_b32")).Public()
	equal(t, "public key", pub[:], v.Outputs.b32(t, "pub_b32"))
}

func eddsaVector(t *testing.T, v vector) {
	message := taler.SignedMessage(0, make([]byte, 4))
	equal(t, "message", message, v.Inputs.b32(t, "message_b32"))
	signs(t, v.Inputs.text(t, "priv_b32"), message, v.Outputs.text(t, "sig_b32"))
}

// signs checks that a key signs a message as the reference did, and that its
// public key accepts this and refuses the neighbours.
func signs(t *testing.T, priv string, message []byte, sig string) {
	t.Helper()
	want, err := taler.ParseEddsaSignature(sig)
	if err != nil {
		t.Fatal(err)
	}
	key := private(t, priv)
	if got := key.Sign(message); got != want {
		t.Errorf("signature = %s, want %s", got, want)
	}
	accepts(t, key.Public(), message, want)
}

func accepts(t *testing.T, pub taler.EddsaPublicKey, message []byte, sig taler.EddsaSignature) {
	t.Helper()
	if !pub.Verify(message, sig) {
		t.Errorf("the signature is refused")
	}
	other := bytes.Clone(message)
	other[len(other)-1] ^= 1
	if pub.Verify(other, sig) {
		t.Error("the signature is accepted for another message")
	}
	sig[0] ^= 1
	if pub.Verify(message, sig) {
		t.Error("another signature is accepted")
	}
}

func kdfVector(t *testing.T, v vector) {
	in := v.Inputs
	out := taler.KDF(in.b32(t, "salt_b32"), in.b32(t, "ikm_b32"), in.b32(t, "info_b32"), int(in.number(t, "out_len")))
	equal(t, "output", out, v.Outputs.b32(t, "out_b32"))
}

func wireHashVector(t *testing.T, v vector) {
	payto := append([]byte(v.Inputs.text(t, "payto_uri")), 0)
	out := taler.KDF(v.Inputs.b32(t, "wire_salt_b32"), payto, []byte("merchant-wire-signature"), 64)
	equal(t, "hash", out, v.Outputs.b32(t, "h_wire_b32"))
}

func masterSecretVector(t *testing.T, v vector) {
	index := []byte{0, 0, 0, byte(v.Inputs.number(t, "coin_index"))}
	secret := taler.KDF(index, v.Inputs.b32(t, "transfer_secret_b32"), []byte("taler-coin-derivation"), 32)
	equal(t, "master secret", secret, v.Outputs.b32(t, "planchet_master_secret_b32"))
	fromMasterSecret(t, secret, v.Outputs)
}

func withdrawSecretsVector(t *testing.T, v vector) {
	var coins []fields
	v.Outputs.get(t, "coins", &coins)
	n := len(coins)
	all := taler.KDF([]byte{0, 0, 0, byte(n)}, v.Inputs.b32(t, "batch_seed_b32"), []byte("taler-withdraw-secrets"), 32*n)
	for i, c := range coins {
		secret := all[32*i : 32*i+32]
		equal(t, "master secret", secret, c.b32(t, "planchet_master_secret_b32"))
		fromMasterSecret(t, secret, c)
	}
}

func fromMasterSecret(t *testing.T, secret []byte, want fields) {
	t.Helper()
	equal(t, "coin", taler.KDF([]byte("coin"), secret, nil, 32), want.b32(t, "coin_priv_b32"))
	equal(t, "blinding", taler.KDF([]byte("bks"), secret, nil, 32), want.b32(t, "blinding_key_secret_b32"))
}

func rsaHashVector(t *testing.T, v vector) {
	pub, err := taler.ParseRSAPublicKey(v.Inputs.b32(t, "rsa_public_key_b32"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := uint64(pub.Bits()), v.Outputs.number(t, "bits"); got != want {
		t.Errorf("bits = %d, want %d", got, want)
	}
	h := taler.H(pub.Encode())
	equal(t, "hash", h[:], v.Outputs.b32(t, "h_rsa_b32"))
}

func blindVector(t *testing.T, v vector) {
	in, out := v.Inputs, v.Outputs
	key := rsaFromExponent(t, in.b32(t, "rsa_public_key_b32"), new(big.Int).SetBytes(in.hex(t, "rsa_private_exponent_d_hex")))
	secret, m := blindingSecret(t, in.b32(t, "blinding_key_secret_b32")), in.b32(t, "message_hash_b32")
	equal(t, "full-domain hash", taler.FDH(key.Public(), m), out.hex(t, "fdh_hex"))
	equal(t, "blinding factor", taler.BlindingFactor(key.Public(), secret), out.hex(t, "blinding_factor_r_hex"))
	blindSigns(t, key, secret, m, out.b32(t, "blinded_message_b32"), out.b32(t, "blinded_sig_b32"), out.b32(t, "sig_b32"))
}

// blindSigns goes the whole way and compares each stop.
func blindSigns(t *testing.T, key *taler.RSAPrivateKey, secret taler.BlindingSecret, m, blinded, blindSig, sig []byte) {
	t.Helper()
	b, err := taler.Blind(key.Public(), secret, m)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "blinded message", b, blinded)
	s, err := key.SignBlinded(b)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "blind signature", s, blindSig)
	unblinds(t, key.Public(), secret, m, blindSig, sig)
}

func unblinds(t *testing.T, pub *taler.RSAPublicKey, secret taler.BlindingSecret, m, blindSig, sig []byte) {
	t.Helper()
	got, err := taler.Unblind(pub, secret, blindSig)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "signature", got, sig)
	if !pub.Verify(m, got) {
		t.Error("the signature does not verify")
	}
	if pub.Verify(append([]byte{1}, m...), got) {
		t.Error("the signature verifies for another message")
	}
}

func blindingSecret(t *testing.T, b []byte) taler.BlindingSecret {
	t.Helper()
	s, err := taler.NewBlindingSecret(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func deriveVector(t *testing.T, v vector) {
	seed, err := taler.NewSeed(v.Inputs.b32(t, "secret_seed_b32"))
	if err != nil {
		t.Fatal(err)
	}
	coin := taler.DeriveCoin(seed, uint32(v.Inputs.number(t, "coin_index")))
	pub := coin.Priv.Public()
	equal(t, "private key", coin.Priv.Bytes(), v.Outputs.b32(t, "coin_priv_b32"))
	equal(t, "public key", pub[:], v.Outputs.b32(t, "coin_pub_b32"))
	equal(t, "blinding", coin.Blinding.Bytes(), v.Outputs.b32(t, "blinding_key_secret_b32"))
}

func denomVector(t *testing.T, v vector) {
	cipher, name := taler.CipherRSA, "rsa_pub_b32"
	if v.Inputs.text(t, "cipher") == "CS" {
		cipher, name = taler.CipherCS, "cs_pub_b32"
	}
	h := taler.DenomHash(uint32(v.Inputs.number(t, "age_mask")), cipher, v.Inputs.b32(t, name))
	equal(t, "hash", h[:], v.Outputs.b32(t, "h_denom_b32"))
}

func coinHashVector(t *testing.T, v vector) {
	var age taler.ShortHash
	if _, ok := v.Inputs["h_age_commitment_b32"]; ok {
		v.Inputs.get(t, "h_age_commitment_b32", &age)
	}
	h := taler.CoinPubHash(v.Inputs.pub(t, "coin_pub_b32"), age)
	equal(t, "hash", h[:], v.Outputs.b32(t, "c_hash_b32"))
}

func coinVector(t *testing.T, v vector) {
	in, out := v.Inputs, v.Outputs
	deriveVector(t, v)
	key := rsaFromExponent(t, in.b32(t, "rsa_pub_b32"), new(big.Int).SetBytes(in.hex(t, "rsa_private_exponent_d_hex")))
	denom := taler.DenomHash(uint32(in.number(t, "age_mask")), taler.CipherRSA, key.Public().Encode())
	equal(t, "denomination hash", denom[:], out.b32(t, "h_denom_b32"))
	coin := taler.CoinPubHash(out.pub(t, "coin_pub_b32"), taler.ShortHash{})
	equal(t, "coin hash", coin[:], out.b32(t, "c_hash_b32"))

	blinded := out.b32(t, "rsa_blinded_planchet_b32")
	blindSigns(t, key, blindingSecret(t, out.b32(t, "blinding_key_secret_b32")), coin[:],
		blinded, out.b32(t, "blinded_rsa_signature_b32"), out.b32(t, "rsa_signature_b32"))
	ev := taler.CoinEvHash(denom, taler.CipherRSA, blinded)
	equal(t, "envelope hash", ev[:], out.b32(t, "coin_ev_hash_b32"))

	total, err := in.amount(t, "value").Add(in.amount(t, "fee_withdraw"))
	if err != nil {
		t.Fatal(err)
	}
	message := taler.CoinWithdrawal{AmountWithFee: total, Denom: denom, CoinEv: ev}.Message()
	equal(t, "withdrawal", message, out.hex(t, "legacy_withdraw_signed_bytes_hex"))
	signs(t, in.text(t, "reserve_priv_b32"), message, out.text(t, "legacy_reserve_sig_b32"))
}

func named(t *testing.T, name string) vector {
	t.Helper()
	var file struct{ Vectors []vector }
	load(t, "vectors.json", &file)
	for _, v := range file.Vectors {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("there is no vector %s", name)
	return vector{}
}

func withdrawalVector(t *testing.T, v vector) {
	var evs []taler.HashCode
	v.Inputs.get(t, "coin_ev_hashes_b32", &evs)
	planchets := taler.PlanchetsHash(evs)
	equal(t, "hash of the planchets", planchets[:], v.Outputs.b32(t, "h_planchets_b32"))
	message := taler.Withdrawal{Amount: v.Inputs.amount(t, "amount"), Fee: v.Inputs.amount(t, "fee"), CoinEvs: evs}.Message()
	equal(t, "message", message, v.Outputs.hex(t, "signed_bytes_hex"))
	signs(t, v.Inputs.text(t, "reserve_priv_b32"), message, v.Outputs.text(t, "reserve_sig_b32"))
}

func ageVector(t *testing.T, v vector) {
	var pubs []taler.EddsaPublicKey
	v.Inputs.get(t, "edx25519_pubs_b32", &pubs)
	var parts [][]byte
	for _, p := range pubs {
		parts = append(parts, p[:])
	}
	h := taler.H32(parts...)
	equal(t, "age commitment", h[:], v.Outputs.b32(t, "h_age_commitment_b32"))
}
