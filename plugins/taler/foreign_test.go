package taler_test

import (
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// An exchange of whose denominations a wallet can use none says so at the preview,
// before there is money: which they are, and not that it makes no coins now.
func TestAnExchangeOfForeignDenominations(t *testing.T) {
	schnorr := func(g *wire.DenominationGroup) {
		name := denomHash(*g, g.Denoms[0])
		g.Cipher, g.Denoms[0].CSPub, g.Denoms[0].RSAPub = wire.CipherCS, name[:32], nil
	}
	restricted := func(g *wire.DenominationGroup) { g.Cipher, g.AgeMask = "RSA+age_restricted", 7 }
	both := func(g *wire.DenominationGroup) { schnorr(g); g.Cipher, g.AgeMask = "CS+age_restricted", 7 }
	other := func(g *wire.DenominationGroup) { g.Cipher = "LATTICE" }
	small := func(g *wire.DenominationGroup) { g.Denoms[0].RSAPub = shortKey(t) }
	for _, row := range []struct {
		name string
		are  [3]func(*wire.DenominationGroup)
		says string
	}{
		{"all with Clause-Schnorr", [3]func(*wire.DenominationGroup){schnorr, schnorr, schnorr}, ": 3 with Clause-Schnorr signatures"},
		{"all restricted", [3]func(*wire.DenominationGroup){restricted, restricted, both}, ": 3 restricted by age"},
		{"of the future", [3]func(*wire.DenominationGroup){other, other, other}, ": 3 of another cipher"},
		{"with short keys", [3]func(*wire.DenominationGroup){small, small, small}, ": 3 with keys of fewer than 2048 bits"},
		{"of two kinds", [3]func(*wire.DenominationGroup){schnorr, small, schnorr}, ": 2 with Clause-Schnorr signatures, 1 with keys of fewer than 2048 bits"},
		{"of each kind", [3]func(*wire.DenominationGroup){schnorr, restricted, other}, ": 1 with Clause-Schnorr signatures, 1 restricted by age, 1 of another cipher"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() {
				w.mint.keys.Auditors = nil
				for n, become := range row.are {
					become(&w.mint.keys.Denominations[n])
				}
				w.mint.sign()
			})
			if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
				t.Fatal(err)
			}
			_, err := w.batch("PREVIEW", "", wire.PreviewArgs{Exchange: w.exchange, Amount: amount("CHF:12")})
			wantFault(t, err, fault.Unsupported, wire.ReasonDenominationsForeign)
			if f := fault.From(err); !strings.HasSuffix(f.Message, row.says) || !strings.Contains(f.Hint, "another exchange") {
				t.Errorf("a person reads %q and %q", f.Message, f.Hint)
			}
		})
	}
	w := openWallet(t)
	w.mint.with(func() {
		schnorr(&w.mint.keys.Denominations[0])
		restricted(&w.mint.keys.Denominations[1])
		w.mint.sign()
	})
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.batch("PREVIEW", "", wire.PreviewArgs{Exchange: w.exchange, Amount: amount("CHF:12")}); err != nil {
		t.Errorf("one that can be used is enough: %v", err)
	}
}

// Coins of keys that can be broken are no safer in another wallet.
func TestNobodyIsSentElsewhereWithShortKeys(t *testing.T) {
	w := openWallet(t)
	w.mint.with(func() {
		w.mint.keys.Auditors = nil
		for n := range w.mint.keys.Denominations {
			w.mint.keys.Denominations[n].Denoms[0].RSAPub = shortKey(t)
		}
		w.mint.sign()
	})
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	_, err := w.batch("PREVIEW", "", wire.PreviewArgs{Exchange: w.exchange, Amount: amount("CHF:12")})
	if hint := fault.From(err).Hint; strings.Contains(hint, "another wallet") || !strings.Contains(hint, "another exchange") {
		t.Errorf("a person is told to %s", hint)
	}
}

// shortKey is the key of a denomination that anybody with a large computer can break.
func shortKey(t *testing.T) []byte {
	t.Helper()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	key, err := crypto.NewRSAPrivateKey(short)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().Encode()
}

// A denomination that is listed for two values could be worth either.
func TestADenominationThatIsListedTwice(t *testing.T) {
	for name, row := range map[string]struct {
		value  string
		reason fault.Reason
	}{"as it was": {"CHF:10", ""}, "for another value": {"CHF:5", "denomination-ambiguous"}} {
		t.Run(name, func(t *testing.T) {
			w := openWallet(t)
			w.mint.with(func() {
				w.mint.keys.Auditors = nil
				again := w.mint.keys.Denominations[0]
				again.Value = amount(row.value)
				again.Denoms = slices.Clone(again.Denoms)
				w.mint.keys.Denominations = append(w.mint.keys.Denominations, again)
				w.mint.sign()
			})
			_, err := w.do("taler.exchange", "REFRESH", w.exchange, nil)
			if fault.ReasonOf(err) != row.reason {
				t.Errorf("got %v", err)
			}
		})
	}
}
