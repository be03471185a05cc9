package taler

import (
	"bytes"
	"encoding/binary"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// AmountSize is the length of an amount's binary form.
const AmountSize = 24

// AmountNBO is an amount as it stands in signed messages: 64 bits of whole
// units, 32 bits of fraction, the currency in 12 bytes filled with zeros.
//
// An amount that no parser or arithmetic can make (a currency of 12 letters, a
// fraction of a whole unit) becomes all ones, which reads back as no amount: a
// signature over it can never be taken for a sum.
func AmountNBO(a instrument.Amount) (out [AmountSize]byte) {
	if len(a.Currency) >= currencySize || a.Value > instrument.MaxValue || a.Fraction >= instrument.FractionBase {
		for i := range out {
			out[i] = 0xff
		}
		return out
	}
	binary.BigEndian.PutUint64(out[0:], a.Value)
	binary.BigEndian.PutUint32(out[8:], a.Fraction)
	copy(out[12:], a.Currency)
	return out
}

const currencySize = 12

// ParseAmountNBO reads the binary form. The error is fault.Invalid.
func ParseAmountNBO(data []byte) (instrument.Amount, error) {
	if len(data) != AmountSize {
		return instrument.Amount{}, badAmount("it has %d bytes", len(data))
	}
	currency := bytes.TrimRight(data[12:], "\x00")
	if len(currency) == currencySize {
		return instrument.Amount{}, badAmount("its currency does not end")
	}
	a := instrument.Amount{
		Currency: string(currency),
		Value:    binary.BigEndian.Uint64(data),
		Fraction: binary.BigEndian.Uint32(data[8:]),
	}
	if err := instrument.CheckCurrency(a.Currency); err != nil {
		return instrument.Amount{}, err
	}
	if a.Value > instrument.MaxValue || a.Fraction >= instrument.FractionBase {
		return instrument.Amount{}, badAmount("it is out of range")
	}
	return a, nil
}

func amount(a instrument.Amount) []byte {
	nbo := AmountNBO(a)
	return nbo[:]
}

func badAmount(format string, args ...any) error {
	return fault.New(fault.Invalid, "this is not the binary form of an amount: "+format, args...).Because("amount-malformed")
}
