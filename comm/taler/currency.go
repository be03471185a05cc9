package taler

import "github.com/swaperoo/swaperoo/instrument"

// CurrencySpecification says how a currency is shown to people.
type CurrencySpecification struct {
	Name               string            `json:"name"`
	Currency           string            `json:"currency,omitempty"`
	InputDigits        int               `json:"num_fractional_input_digits"`
	NormalDigits       int               `json:"num_fractional_normal_digits"`
	TrailingZeroDigits int               `json:"num_fractional_trailing_zero_digits"`
	AltUnitNames       map[string]string `json:"alt_unit_names"` // by power of ten; "0" is always there
	CommonAmounts      []Amount          `json:"common_amounts,omitempty"`
}

// PlainCurrency is the specification of a currency of which nothing but its name
// is known, and in how many digits people pay it.
func PlainCurrency(currency string) CurrencySpecification {
	n := digits(currency)
	return CurrencySpecification{
		Name: currency, Currency: currency,
		InputDigits: n, NormalDigits: n, TrailingZeroDigits: n,
		AltUnitNames: map[string]string{"0": currency},
	}
}

// Unit is the smallest amount of a currency that people pay.
func (s CurrencySpecification) Unit() Amount {
	return instrument.UnitOf(s.Currency, s.InputDigits)
}

// digits are those after the point in which people pay a currency, and cards are
// charged, by ISO 4217. What is not there, such as a town's own money, has two.
func digits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}
