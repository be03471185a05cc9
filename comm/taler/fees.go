package taler

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TillFees are what a terminal takes of each withdrawal on top of the amount, as
// the bank's operator has agreed with its owner. The terminal sends what is due as
// terminal_fees of its SETUP; it may send more.
type TillFees struct {
	Percent Percent `json:"percent"`
	Unit    Amount  `json:"unit"` // the smallest of the currency: what is due is a multiple of it
}

// Percent is a share, in parts of a million: a percent of up to four digits after
// the point.
type Percent uint32

const (
	million       = 1_000_000
	percentDigits = 4
)

// ParsePercent reads "1.5": above 0, at most 100, at most four digits after the
// point. The error is fault.Invalid, reason "percent-malformed".
func ParsePercent(text string) (Percent, error) {
	bad := fault.New(fault.Invalid, "%q is no percentage", clip(text)).Because("percent-malformed").
		WithHint("write it like 1.5: above 0, at most 100, at most four digits after the point")
	whole, frac, pointed := strings.Cut(text, ".")
	if pointed && frac == "" || len(whole) > 3 || len(frac) > percentDigits {
		return 0, bad
	}
	n, err := strconv.ParseUint(whole+frac+strings.Repeat("0", percentDigits-len(frac)), 10, 32)
	if err != nil || whole == "" || n == 0 || n > million {
		return 0, bad
	}
	return Percent(n), nil
}

// String is the percentage, without zeros that say nothing.
func (p Percent) String() string {
	whole, frac := uint64(p)/10_000, strconv.FormatUint(uint64(p)%10_000+10_000, 10)[1:]
	return strings.TrimSuffix(strconv.FormatUint(whole, 10)+"."+strings.TrimRight(frac, "0"), ".")
}

// MarshalText is String.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText is ParsePercent.
func (p *Percent) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePercent(string(text))
	return err
}

// Due is the percentage of an amount, rounded up to the unit.
func (f TillFees) Due(of Amount) (Amount, error) {
	unit := f.Unit.Fractions()
	if f.Unit.Currency != of.Currency || unit.Sign() == 0 {
		return Amount{}, fault.New(fault.Invalid, "fees in units of %s cannot be taken of %s", f.Unit, of).Because(ReasonCurrencyMismatch)
	}
	share := new(big.Int).Mul(of.Fractions(), big.NewInt(int64(f.Percent)))
	unit.Mul(unit, big.NewInt(million))
	units, rest := share.QuoRem(share, unit, new(big.Int))
	if rest.Sign() > 0 {
		units.Add(units, big.NewInt(1))
	}
	value, fraction := units.Mul(units, f.Unit.Fractions()).QuoRem(units, big.NewInt(instrument.FractionBase), new(big.Int))
	if !value.IsUint64() || value.Uint64() > instrument.MaxValue {
		return Amount{}, fault.New(fault.Invalid, "the fees are above the limit of 2^52").Because(reasonAmountTooLarge)
	}
	return Amount{Currency: of.Currency, Value: value.Uint64(), Fraction: uint32(fraction.Uint64())}, nil
}

// Check refuses a withdrawal whose amount is not fixed, for nobody could say what
// is due, and one whose terminal takes less: fault.Conflict with
// ReasonAmountRequired or ReasonFeesTooLow.
func (f TillFees) Check(w Withdrawal) error {
	if w.Amount == (Amount{}) {
		return fault.New(fault.Conflict, "a terminal that takes a percentage fixes the amount").Because(ReasonAmountRequired)
	}
	due, err := f.Due(w.Amount)
	if err != nil {
		return err
	}
	given := w.TerminalFees
	if given == (Amount{}) {
		given = Amount{Currency: w.Currency}
	}
	if c, err := given.Cmp(due); err != nil || c < 0 {
		return fault.New(fault.Conflict, "this terminal takes %s percent, which is %s of %s, and not %s", f.Percent, due, w.Amount, given).
			Because(ReasonFeesTooLow).WithHint("read the terminal's config again")
	}
	return nil
}
