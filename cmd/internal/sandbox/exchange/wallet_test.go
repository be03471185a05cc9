package exchange_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// denom is a denomination as a wallet knows it.
type denom struct {
	pub     *crypto.RSAPublicKey
	hash    crypto.HashCode
	withFee instrument.Amount
	value   instrument.Amount
}

// denoms are the denominations that are valid at a moment, smallest first;
// untimely are the others.
func (w *world) denoms() (valid, untimely []denom) {
	w.Helper()
	now := taler.Timestamp(w.now.Load())
	for _, g := range w.keys().Denominations {
		for _, d := range g.Denoms {
			pub, err := crypto.ParseRSAPublicKey(d.RSAPub)
			if err != nil {
				w.Fatal(err)
			}
			withFee, err := g.Value.Add(g.FeeWithdraw)
			if err != nil {
				w.Fatal(err)
			}
			x := denom{pub, crypto.DenomHash(0, crypto.CipherRSA, d.RSAPub), withFee, g.Value}
			if d.StampStart <= now && now < d.StampExpireWithdraw {
				valid = append(valid, x)
			} else {
				untimely = append(untimely, x)
			}
		}
	}
	return valid, untimely
}

// denom is the valid one of a value.
func (w *world) denom(value string) denom {
	w.Helper()
	valid, _ := w.denoms()
	for _, d := range valid {
		if d.value == amount(w.T, value) {
			return d
		}
	}
	w.Fatalf("no denomination of %s", value)
	return denom{}
}

// coin is a coin from planchet to signature.
type coin struct {
	denom
	secrets  crypto.CoinSecrets
	hash     crypto.HashCode // of its key: what is signed
	planchet taler.Planchet
}

// plan blinds one coin of each denomination and signs for the reserve.
func plan(t *testing.T, reserve crypto.EddsaPrivateKey, of ...denom) []coin {
	t.Helper()
	s, err := crypto.NewSeed(seed())
	if err != nil {
		t.Fatal(err)
	}
	coins := make([]coin, 0, len(of))
	for i, d := range of {
		c := coin{denom: d, secrets: crypto.DeriveCoin(s, uint32(i))}
		c.hash = crypto.CoinPubHash(c.secrets.Priv.Public(), crypto.ShortHash{})
		blinded, err := crypto.Blind(d.pub, c.secrets.Blinding, c.hash[:])
		if err != nil {
			t.Fatal(err)
		}
		c.planchet = planchet(reserve, d, blinded)
		coins = append(coins, c)
	}
	return coins
}

// planchet signs whatever envelope it is given.
func planchet(reserve crypto.EddsaPrivateKey, d denom, envelope []byte) taler.Planchet {
	message := crypto.CoinWithdrawal{
		AmountWithFee: d.withFee, Denom: d.hash,
		CoinEv: crypto.CoinEvHash(d.hash, crypto.CipherRSA, envelope),
	}.Message()
	return taler.Planchet{
		DenomPubHash: d.hash,
		CoinEv:       taler.CoinEnvelope{Cipher: taler.CipherRSA, RSABlindedPlanchet: envelope},
		ReserveSig:   reserve.Sign(message),
	}
}

func request(coins ...coin) taler.BatchWithdrawRequest {
	var r taler.BatchWithdrawRequest
	for _, c := range coins {
		r.Planchets = append(r.Planchets, c.planchet)
	}
	return r
}

func withdrawPath(reserve crypto.EddsaPrivateKey) string {
	return "/reserves/" + reserve.Public().String() + "/batch-withdraw"
}

func (w *world) withdraw(reserve crypto.EddsaPrivateKey, coins ...coin) answer {
	w.Helper()
	return w.post(withdrawPath(reserve), request(coins...))
}

// verify unblinds an answer's signatures and checks that each makes a coin.
func verify(t *testing.T, a answer, coins []coin) {
	t.Helper()
	if a.status != 200 {
		t.Fatalf("%d: %s", a.status, a.body)
	}
	var out taler.BatchWithdrawResponse
	a.into(t, &out)
	if len(out.EvSigs) != len(coins) {
		t.Fatalf("%d signatures for %d planchets", len(out.EvSigs), len(coins))
	}
	for i, c := range coins {
		sig, err := crypto.Unblind(c.pub, c.secrets.Blinding, out.EvSigs[i].EvSig.BlindedRSASignature)
		if err != nil {
			t.Fatal(err)
		}
		if !c.pub.Verify(c.hash[:], sig) {
			t.Errorf("the signature of coin %d (%s) is not good", i, c.value)
		}
	}
}
