package wallee

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ReasonMalformed is of an answer that says something else than the service does.
const ReasonMalformed fault.Reason = "answer-malformed"

// Amount reads a number of major units exactly: no float is ever made of it. The
// service writes as many zeros as it likes, and exponents. The error is
// fault.Invalid for what no amount can hold.
func Amount(currency string, n json.Number) (instrument.Amount, error) {
	mantissa, exponent, scientific := strings.Cut(strings.ToLower(string(n)), "e")
	shift := 0
	if scientific {
		var err error
		if shift, err = strconv.Atoi(strings.TrimPrefix(exponent, "+")); err != nil || shift < -maxShift || shift > maxShift {
			return instrument.Amount{}, noAmount()
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if strings.Trim(whole+fraction, "0123456789") != "" || whole == "" || len(mantissa) > maxDigits {
		return instrument.Amount{}, noAmount()
	}
	whole, fraction = move(whole, fraction, shift)
	if fraction != "" {
		whole += "." + fraction
	}
	a, err := instrument.ParseAmount(currency + ":" + whole)
	if err != nil {
		return instrument.Amount{}, noAmount()
	}
	return a, nil
}

const (
	maxShift  = 32
	maxDigits = 64
)

// move shifts the decimal point to the right, or to the left if by is negative,
// and takes away zeros that say nothing.
func move(whole, fraction string, by int) (string, string) {
	if by > 0 {
		fraction += strings.Repeat("0", by)
		whole, fraction = whole+fraction[:by], fraction[by:]
	} else if by < 0 {
		whole = strings.Repeat("0", -by) + whole
		whole, fraction = whole[:len(whole)+by], whole[len(whole)+by:]+fraction
	}
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	return whole, fraction
}

func noAmount() error {
	return fault.New(fault.Invalid, "a number in the provider's answer is not an amount").Because(ReasonMalformed)
}

// Number writes an amount as the service takes it, without its currency.
func Number(a instrument.Amount) json.Number {
	_, number, _ := strings.Cut(a.String(), ":")
	return json.Number(number)
}
