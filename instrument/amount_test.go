package instrument_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
)

// TestParseAmount is the table of Taler's documents. libtalerutil is more
// lenient in one row: it reads "KUDOS:.5", which the documents and libeufin
// refuse; so do we.
func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string       // canonical; empty: refused
		reason     fault.Reason // of the refusal
	}{
		{"whole", "EUR:4", "EUR:4", ""},
		{"cents", "EUR:0.02", "EUR:0.02", ""},
		{"one digit", "EUR:4.1", "EUR:4.1", ""},
		{"trailing zeros", "EUR:9.00", "EUR:9", ""},
		{"leading zeros", "KUDOS:01.5", "KUDOS:1.5", ""},
		{"many leading zeros", "EUR:00000000000000000000000001", "EUR:1", ""},
		{"eight digits", "EUR:0.00000001", "EUR:0.00000001", ""},
		{"nothing", "EUR:0", "EUR:0", ""},
		{"one letter", "X:1", "X:1", ""},
		{"eleven letters", "ABCDEFGHIJK:1", "ABCDEFGHIJK:1", ""},
		{"the largest", "EUR:4503599627370496", "EUR:4503599627370496", ""},
		{"the largest with any fraction", "EUR:4503599627370496.99999999", "EUR:4503599627370496.99999999", ""},

		{"above the largest", "EUR:4503599627370497", "", "amount-too-large"},
		{"far above the largest", "EUR:99999999999999999999999999", "", "amount-too-large"},
		{"2^64", "EUR:18446744073709551616", "", "amount-too-large"},
		{"nine digits", "EUR:0.000000001", "", "amount-malformed"},
		{"nine digits of nothing", "EUR:0.000000000", "", "amount-malformed"},
		{"a point without digits", "EUR:1.", "", "amount-malformed"},
		{"no whole part", "KUDOS:.5", "", "amount-malformed"},
		{"nothing but a point", "EUR:.", "", "amount-malformed"},
		{"no number", "EUR:", "", "amount-malformed"},
		{"no colon", "KUDOS1", "", "amount-malformed"},
		{"a number for a colon", "KUDOS1:1", "", "amount-malformed"},
		{"no currency", ":1", "", "amount-malformed"},
		{"twelve letters", "ABCDEFGHIJKL:1", "", "amount-malformed"},
		{"small letters", "kudos:1", "", "amount-malformed"},
		{"one small letter", "EUr:1", "", "amount-malformed"},
		{"letters of another alphabet", "ÉUR:1", "", "amount-malformed"},
		{"negative", "KUDOS:-1", "", "amount-malformed"},
		{"plus", "EUR:+1", "", "amount-malformed"},
		{"negative fraction", "EUR:1.-1", "", "amount-malformed"},
		{"blank in front", " EUR:1", "", "amount-malformed"},
		{"blank behind", "EUR:1 ", "", "amount-malformed"},
		{"blank within", "EUR: 1", "", "amount-malformed"},
		{"line feed", "EUR:1\n", "", "amount-malformed"},
		{"NUL", "EUR:1\x00", "", "amount-malformed"},
		{"exponent", "EUR:1e3", "", "amount-malformed"},
		{"hexadecimal", "EUR:0x10", "", "amount-malformed"},
		{"comma", "EUR:1,5", "", "amount-malformed"},
		{"thousands", "EUR:1_000", "", "amount-malformed"},
		{"two points", "EUR:1.2.3", "", "amount-malformed"},
		{"two colons", "EUR:1:2", "", "amount-malformed"},
		{"digits of another script", "EUR:١", "", "amount-malformed"},
		{"nothing at all", "", "", "amount-malformed"},
		{"very long", "EUR:" + strings.Repeat("9", 10000), "", "amount-too-large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := instrument.ParseAmount(c.text)
			if c.want != "" {
				if err != nil || got.String() != c.want {
					t.Errorf("got %v, %v", got, err)
				}
				return
			}
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != c.reason || got != (instrument.Amount{}) {
				t.Errorf("got %v, %v (%q)", got, err, fault.ReasonOf(err))
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("the error repeats %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAmountsAreEqualAsValues(t *testing.T) {
	for _, text := range []string{"EUR:9", "EUR:9.0", "EUR:09.00000000"} {
		if got := amount(t, text); got != amount(t, "EUR:9") {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestAmountArithmetic(t *testing.T) {
	const most = "EUR:4503599627370496.99999999"
	for _, c := range []struct {
		a, op, b, want string
		reason         fault.Reason
	}{
		{"EUR:1.5", "+", "EUR:2.75", "EUR:4.25", ""},
		{"EUR:0.99999999", "+", "EUR:0.00000001", "EUR:1", ""},
		{"EUR:4503599627370496", "+", "EUR:0.99999999", most, ""},
		{most, "+", "EUR:0.00000001", "", "amount-too-large"},
		{most, "+", most, "", "amount-too-large"},
		{"EUR:1", "+", "CHF:1", "", "currency-differs"},
		{"EUR:3", "-", "EUR:0.00000001", "EUR:2.99999999", ""},
		{"EUR:3", "-", "EUR:3", "EUR:0", ""},
		{"EUR:3", "-", "EUR:3.00000001", "", "amount-too-small"},
		{"EUR:0", "-", "EUR:1", "", "amount-too-small"},
		{"EUR:3", "-", "CHF:3", "", "currency-differs"},
	} {
		t.Run(c.a+c.op+c.b, func(t *testing.T) {
			a, b := amount(t, c.a), amount(t, c.b)
			got, err := a.Add(b)
			if c.op == "-" {
				got, err = a.Sub(b)
			}
			if c.want != "" && (err != nil || got.String() != c.want) {
				t.Errorf("got %v, %v", got, err)
			}
			if c.want == "" && (fault.ReasonOf(err) != c.reason || got != (instrument.Amount{})) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// TestAmountAgainstBigNumbers compares with arithmetic that has no limits, on
// numbers near all edges.
func TestAmountAgainstBigNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b, n := anyAmount(random), anyAmount(random), random.Uint32()>>random.IntN(32)
		if random.IntN(4) == 0 {
			b = a
		}
		sum, err := a.Add(b)
		compare(t, "sum", sum, err, new(big.Int).Add(units(a), units(b)))
		difference, err := a.Sub(b)
		compare(t, "difference", difference, err, new(big.Int).Sub(units(a), units(b)))
		product, err := a.Mul(n)
		compare(t, "product", product, err, new(big.Int).Mul(units(a), new(big.Int).SetUint64(uint64(n))))
		order, err := a.Cmp(b)
		if want := units(a).Cmp(units(b)); err != nil || order != want {
			t.Errorf("%v and %v compare as %d, %v; wanted %d", a, b, order, err, want)
		}
		if again, err := instrument.ParseAmount(a.String()); err != nil || again != a {
			t.Errorf("%v reads as %v, %v", a, again, err)
		}
	}
}

// compare wants the exact result, or an error exactly if it is out of range.
func compare(t *testing.T, what string, got instrument.Amount, err error, exact *big.Int) {
	t.Helper()
	most := units(instrument.Amount{Value: instrument.MaxValue, Fraction: instrument.FractionBase - 1})
	if fits := exact.Sign() >= 0 && exact.Cmp(most) <= 0; fits != (err == nil) {
		t.Errorf("the %s is %v, %v; exactly %v", what, got, err, exact)
	} else if fits && units(got).Cmp(exact) != 0 {
		t.Errorf("the %s is %v, exactly %v", what, got, exact)
	}
}

func units(a instrument.Amount) *big.Int {
	n := new(big.Int).Mul(new(big.Int).SetUint64(a.Value), big.NewInt(instrument.FractionBase))
	return n.Add(n, big.NewInt(int64(a.Fraction)))
}

func anyAmount(r *rand.Rand) instrument.Amount {
	a := instrument.Amount{Currency: "EUR", Value: r.Uint64N(instrument.MaxValue+1) >> r.IntN(53), Fraction: r.Uint32N(instrument.FractionBase)}
	switch r.IntN(6) {
	case 0:
		a.Value = instrument.MaxValue
	case 1:
		a.Fraction = instrument.FractionBase - 1
	case 2:
		a.Fraction = 0
	case 3:
		a.Value = 0
	}
	return a
}

// TestAProductWhoseTopIsFull: the fractions carry over the largest number twice, and what is
// left of it looks small.
func TestAProductWhoseTopIsFull(t *testing.T) {
	a, n := amount(t, "EUR:8589934594.99999999"), uint32(math.MaxUint32)
	product, err := a.Mul(n)
	compare(t, "product", product, err, new(big.Int).Mul(units(a), new(big.Int).SetUint64(uint64(n))))
}

func TestWhatIsNothing(t *testing.T) {
	for text, want := range map[string]bool{"EUR:0": true, "EUR:0.00": true, "EUR:1": false, "EUR:0.00000001": false, "EUR:1.5": false} {
		if amount(t, text).IsZero() != want {
			t.Errorf("%s is nothing: %v", text, !want)
		}
	}
}

func TestAmountInJSON(t *testing.T) {
	type doc struct {
		Amount instrument.Amount  `json:"amount"`
		Fee    *instrument.Amount `json:"fee,omitempty"`
		Tip    instrument.Amount  `json:"tip,omitzero"`
	}
	text, err := json.Marshal(doc{Amount: amount(t, "EUR:1.50")})
	if err != nil || string(text) != `{"amount":"EUR:1.5"}` {
		t.Errorf("got %s, %v", text, err)
	}
	for _, c := range []struct{ text, want string }{
		{`{"amount":"EUR:1.50","fee":"EUR:0.10"}`, "EUR:1.5"},
		{`{"amount":""}`, ":0"},
		{`{"amount":"EUR:1.5x"}`, ""},
		{`{"amount":1.5}`, ""},
		{`{"amount":{"currency":"EUR","value":1,"fraction":0}}`, ""},
	} {
		var got doc
		err := json.Unmarshal([]byte(c.text), &got)
		if (err == nil) != (c.want != "") || err == nil && got.Amount.String() != c.want {
			t.Errorf("%s reads as %v, %v", c.text, got.Amount, err)
		}
	}
	over := doc{Amount: amount(t, "EUR:1"), Tip: amount(t, "EUR:2")} // what was there before is not taken for what is read
	if err := json.Unmarshal([]byte(`{"amount":"","tip":"EUR:3"}`), &over); err != nil || over.Amount != (instrument.Amount{}) || over.Tip.String() != "EUR:3" {
		t.Errorf("over another: %v, %v", over, err)
	}
}

var amount = instrumenttest.Amount

// FuzzParseAmount: what is read is in range, is written in one way, and reads as
// the same again.
func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{
		"EUR:1", "EUR:1.5", "EUR:4503599627370496.99999999", "EUR:4503599627370497", "KUDOS:.5", "EUR:1.", "eur:1", "EUR:00.10000000",
		"EUR:-1", ":", "", "EUR:1e5", "ABCDEFGHIJKL:1", "EUR:9\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := instrument.ParseAmount(text)
		if err != nil {
			if !errors.Is(err, fault.Invalid) || a != (instrument.Amount{}) {
				t.Errorf("%q is %v, %v", text, a, err)
			}
			return
		}
		if instrument.CheckCurrency(a.Currency) != nil || a.Value > instrument.MaxValue || a.Fraction >= instrument.FractionBase {
			t.Errorf("%q is %+v", text, a)
		}
		canonical := a.String()
		if again, err := instrument.ParseAmount(canonical); err != nil || again != a || again.String() != canonical {
			t.Errorf("%q is written %q and reads as %+v, %v", text, canonical, again, err)
		}
		if _, fraction, pointed := strings.Cut(canonical, "."); pointed && (fraction == "" || strings.HasSuffix(fraction, "0")) {
			t.Errorf("%q is written %q", text, canonical)
		}
		if len(canonical) > len(text) {
			t.Errorf("%q is written longer: %q", text, canonical)
		}
	})
}

func TestTheSmallestSumOfACurrency(t *testing.T) {
	for digits, want := range map[int]string{-1: "CHF:1", 0: "CHF:1", 1: "CHF:0.1", 2: "CHF:0.01", 8: "CHF:0.00000001", 9: "CHF:0.00000001"} {
		if got := instrument.UnitOf("CHF", digits).String(); got != want {
			t.Errorf("%d digits: %s", digits, got)
		}
	}
}
