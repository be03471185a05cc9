package taler

import (
	"encoding/binary"

	"github.com/swaperoo/swaperoo/instrument"
)

// AmountSize is the length of an amount's binary form.
const AmountSize = 24

// AmountNBO is an amount as it stands in signed messages: 64 bits of whole
// units, 32 bits of fraction, the currency in 12 bytes filled with zeros.
//
// An amount that no parser or arithmetic can make (a currency of 12 letters, a
// fraction of a whole unit) becomes all ones, which is no amount: a
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

func amount(a instrument.Amount) []byte {
	nbo := AmountNBO(a)
	return nbo[:]
}
