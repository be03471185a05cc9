package instrument

import (
	"bytes"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Limits of an Amount (Taler docs, "Amounts"; libtalerutil amount.c).
const (
	MaxValue       = 1 << 52     // largest whole part, inclusive
	FractionBase   = 100_000_000 // fractions of one unit
	fractionDigits = 8
	maxCurrency    = 11
)

// Amount is a sum of money in Taler's format: a currency of 1 to 11 capital
// letters, a whole part up to 2^52 and a fraction in units of 10^-8. It is
// never negative. The zero Amount has no currency and is not a valid sum.
//
// Amounts of different spelling ("EUR:9", "EUR:9.00") are equal as Go values.
type Amount struct {
	Currency string
	Value    uint64
	Fraction uint32
}

// ParseAmount reads "CUR:INT" or "CUR:INT.FRAC" with 1 to 8 fraction digits.
// It accepts no blanks, signs or exponents; the error is fault.Invalid.
func ParseAmount(text string) (Amount, error) {
	currency, number, found := strings.Cut(text, ":")
	if !found {
		return Amount{}, badAmount(text, "there is no colon between currency and number")
	}
	if err := CheckCurrency(currency); err != nil {
		return Amount{}, err
	}
	whole, frac, pointed := strings.Cut(number, ".")
	value, err := parseDigits(whole, MaxValue)
	if err != nil {
		return Amount{}, err.about(text)
	}
	a := Amount{Currency: currency, Value: value}
	if !pointed {
		return a, nil
	}
	if len(frac) > fractionDigits {
		return Amount{}, badAmount(text, "it has more than eight digits after the point")
	}
	f, err := parseDigits(frac, FractionBase-1)
	if err != nil {
		return Amount{}, err.about(text)
	}
	for range fractionDigits - len(frac) {
		f *= 10
	}
	a.Fraction = uint32(f)
	return a, nil
}

// CheckCurrency accepts 1 to 11 capital letters A to Z.
func CheckCurrency(c string) error {
	if c == "" || len(c) > maxCurrency {
		return badCurrency(c)
	}
	for i := range len(c) {
		if c[i] < 'A' || c[i] > 'Z' {
			return badCurrency(c)
		}
	}
	return nil
}

// ZeroOf is the sum of nothing in a currency.
func ZeroOf(currency string) Amount { return Amount{Currency: currency} }

// UnitOf is the smallest sum above zero in a currency that is written with the given number of
// digits after the point. More than eight count as eight.
func UnitOf(currency string, digits int) Amount {
	unit := Amount{Currency: currency, Value: 1}
	for n := range min(digits, fractionDigits) {
		if n == 0 {
			unit.Value, unit.Fraction = 0, FractionBase
		}
		unit.Fraction /= 10
	}
	return unit
}

// String writes the canonical form: no trailing zeros, no point without need.
func (a Amount) String() string {
	var room [longestAmount]byte
	return string(a.text(room[:0]))
}

// longestAmount is how many characters an amount has at most.
const longestAmount = maxCurrency + len(":") + 20 + len(".") + fractionDigits

func (a Amount) text(out []byte) []byte {
	out = strconv.AppendUint(append(append(out, a.Currency...), ':'), a.Value, 10)
	if a.Fraction == 0 {
		return out
	}
	point := len(out)
	out = strconv.AppendUint(out, uint64(a.Fraction)+FractionBase, 10)
	out[point] = '.' // over the first digit, a one
	return bytes.TrimRight(out, "0")
}

// IsZero reports whether the sum is nothing, in any currency or none.
func (a Amount) IsZero() bool { return a.Value == 0 && a.Fraction == 0 }

// Add is a+b. It fails with fault.Invalid when the currencies differ or the sum
// is above the limit.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := a.same(b); err != nil {
		return Amount{}, err
	}
	f := uint64(a.Fraction) + uint64(b.Fraction)
	v := a.Value + b.Value + f/FractionBase
	if a.Value > MaxValue || b.Value > MaxValue || v > MaxValue {
		return Amount{}, tooLarge()
	}
	return Amount{a.Currency, v, uint32(f % FractionBase)}, nil
}

// Sub is a-b. It fails with fault.Invalid when the currencies differ or the
// result would be negative.
func (a Amount) Sub(b Amount) (Amount, error) {
	c, err := a.Cmp(b)
	if err != nil {
		return Amount{}, err
	}
	if c < 0 {
		return Amount{}, fault.New(fault.Invalid, "%s is less than %s", a, b).Because("amount-too-small")
	}
	v, f := a.Value-b.Value, int64(a.Fraction)-int64(b.Fraction)
	if f < 0 {
		v, f = v-1, f+FractionBase
	}
	return Amount{a.Currency, v, uint32(f)}, nil
}

// Mul is a times n, failing with fault.Invalid above the limit.
func (a Amount) Mul(n uint32) (Amount, error) {
	f := uint64(a.Fraction) * uint64(n)
	hi, v := bits.Mul64(a.Value, uint64(n))
	v, carry := bits.Add64(v, f/FractionBase, 0)
	if hi+carry != 0 || v > MaxValue {
		return Amount{}, tooLarge()
	}
	return Amount{a.Currency, v, uint32(f % FractionBase)}, nil
}

// Cmp is -1, 0 or +1 as a is less than, equal to or greater than b.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := a.same(b); err != nil {
		return 0, err
	}
	switch {
	case a == b:
		return 0, nil
	case a.Value < b.Value || a.Value == b.Value && a.Fraction < b.Fraction:
		return -1, nil
	}
	return +1, nil
}

// Fractions is an amount as the number of its smallest parts, hundred-millionths,
// for arithmetic that an Amount does not do itself, such as dividing.
func (a Amount) Fractions() *big.Int {
	n := new(big.Int).Mul(new(big.Int).SetUint64(a.Value), big.NewInt(FractionBase))
	return n.Add(n, big.NewInt(int64(a.Fraction)))
}

// MarshalText writes the canonical form; the zero Amount becomes empty text.
func (a Amount) MarshalText() ([]byte, error) {
	if a == (Amount{}) {
		return nil, nil
	}
	return a.text(make([]byte, 0, longestAmount)), nil
}

// AppendText appends what MarshalText writes.
func (a Amount) AppendText(out []byte) ([]byte, error) {
	if a == (Amount{}) {
		return out, nil
	}
	return a.text(out), nil
}

// UnmarshalText reads what ParseAmount reads, and empty text as the zero Amount.
func (a *Amount) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = Amount{}
		return nil
	}
	parsed, err := ParseAmount(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

func (a Amount) same(b Amount) error {
	if a.Currency != b.Currency {
		return fault.New(fault.Invalid, "%s and %s are of different currencies", a, b).Because("currency-differs")
	}
	return nil
}

// digitError says what is wrong with a run of digits; about names the amount.
type digitError struct{ *fault.Fault }

func (e *digitError) about(text string) *fault.Fault {
	f := *e.Fault
	f.Message = strconv.Quote(fault.Clip(text)) + " is not an amount: " + f.Message
	return &f
}

func parseDigits(s string, limit uint64) (uint64, *digitError) {
	if s == "" {
		return 0, &digitError{fault.New(fault.Invalid, "digits are missing").Because("amount-malformed")}
	}
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, &digitError{fault.New(fault.Invalid, "only digits are allowed around the point").Because("amount-malformed")}
		}
		if n = n*10 + uint64(s[i]-'0'); n > limit {
			return 0, &digitError{fault.New(fault.Invalid, "it is above the limit of 2^52").Because("amount-too-large")}
		}
	}
	return n, nil
}

func badAmount(text, why string) error {
	return fault.New(fault.Invalid, "%q is not an amount: %s", fault.Clip(text), why).
		Because("amount-malformed").WithHint("write it like CHF:20 or CHF:20.50")
}

func badCurrency(c string) error {
	return fault.New(fault.Invalid, "%q is not a currency: 1 to 11 capital letters are", fault.Clip(c)).Because("amount-malformed")
}

func tooLarge() error {
	return fault.New(fault.Invalid, "the sum is above the limit of 2^52").Because("amount-too-large")
}
