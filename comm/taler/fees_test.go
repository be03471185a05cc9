package taler_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/instrumenttest"
)

func TestPercentagesAreReadExactly(t *testing.T) {
	for text, want := range map[string]string{
		"1.5": "1.5", "1.50": "1.5", "0.0001": "0.0001", "100": "100", "0.3": "0.3", "010": "10", "2.0000": "2",
		"": "", "0": "", "0.0": "", "100.0001": "", "1.": "", ".5": "", "1.00001": "", "-1": "", "+1": "", "1e1": "", "1_0": "", "1,5": "", " 1": "", "1000": "",
	} {
		p, err := taler.ParsePercent(text)
		switch {
		case want == "" && fault.ReasonOf(err) != "percent-malformed":
			t.Errorf("%q is %v, %v", text, p, err)
		case want != "" && (err != nil || p.String() != want):
			t.Errorf("%q is %v, %v", text, p, err)
		}
	}
}

func FuzzPercent(f *testing.F) {
	f.Add("1.5")
	f.Add("100")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := taler.ParsePercent(text)
		if err != nil {
			return
		}
		again, err := taler.ParsePercent(p.String())
		if err != nil || again != p || p == 0 {
			t.Errorf("%q is %s, which is %s, %v", text, p, again, err)
		}
	})
}

// TestWhatIsDueIsRoundedUp to what people can pay, also where it is exact, next to
// nothing, or as much as an amount can be.
func TestWhatIsDueIsRoundedUp(t *testing.T) {
	for _, row := range []struct{ percent, unit, of, want string }{
		{"1.5", "CHF:0.01", "CHF:20", "CHF:0.3"},
		{"1.5", "CHF:0.01", "CHF:20.01", "CHF:0.31"},
		{"1.5", "CHF:0.05", "CHF:21", "CHF:0.35"},
		{"0.0001", "CHF:0.01", "CHF:0.01", "CHF:0.01"},
		{"100", "CHF:0.01", "CHF:4503599627370496", "CHF:4503599627370496"},
		{"3", "JPY:1", "JPY:1000", "JPY:30"},
		{"3", "JPY:1", "JPY:1001", "JPY:31"},
		{"1.5", "BTC:0.00000001", "BTC:0.00000001", "BTC:0.00000001"},
	} {
		percent, err := taler.ParsePercent(row.percent)
		if err != nil {
			t.Fatal(err)
		}
		got, err := taler.TillFees{Percent: percent, Unit: sum(t, row.unit)}.Due(sum(t, row.of))
		if err != nil || got != sum(t, row.want) {
			t.Errorf("%s %% of %s in %s is %s, %v; want %s", row.percent, row.of, row.unit, got, err, row.want)
		}
	}
	for _, unit := range []taler.Amount{{}, {Currency: "CHF"}, {Currency: "EUR", Value: 1}} {
		if got, err := (taler.TillFees{Percent: 1, Unit: unit}).Due(sum(t, "CHF:1")); err == nil {
			t.Errorf("in units of %v: %s", unit, got)
		}
	}
	if got, err := (taler.TillFees{Percent: 1_000_000, Unit: taler.Amount{Currency: "CHF", Value: 3 << 50}}).Due(taler.Amount{Currency: "CHF", Value: instrument.MaxValue}); err == nil {
		t.Errorf("above the limit: %s", got)
	}
}

func TestTheSmallestUnitOfACurrency(t *testing.T) {
	for digits, want := range map[int]string{0: "CHF:1", 2: "CHF:0.01", 8: "CHF:0.00000001", 9: "CHF:0.00000001"} {
		if got := (taler.CurrencySpecification{Currency: "CHF", InputDigits: digits}).Unit(); got != sum(t, want) {
			t.Errorf("%d digits: %s", digits, got)
		}
	}
}

// TestACurrencyIsShownAsItIsPaid: what is due at a terminal is a sum that a card can be
// charged.
func TestACurrencyIsShownAsItIsPaid(t *testing.T) {
	for currency, want := range map[string]string{
		"CHF": "CHF:0.01", "KUDOS": "KUDOS:0.01", "JPY": "JPY:1", "XOF": "XOF:1", "KWD": "KWD:0.001", "CLF": "CLF:0.0001",
	} {
		shown := taler.PlainCurrency(currency)
		if shown.Unit() != sum(t, want) || shown.NormalDigits != shown.InputDigits || shown.TrailingZeroDigits != shown.InputDigits {
			t.Errorf("%+v", shown)
		}
	}
}

func TestTillFeesAsTheyAreWritten(t *testing.T) {
	const text = `{"percent":"1.5","unit":"CHF:0.01"}`
	var f taler.TillFees
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(f); err != nil || string(got) != text {
		t.Errorf("%s, %v", got, err)
	}
}

var sum = instrumenttest.Amount
