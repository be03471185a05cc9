package vendor

import "github.com/swaperoo/swaperoo/instrument"

// ReadPart is readPart for the fuzzer: the amount of a part and the total.
func ReadPart(inv instrument.Invoice) (part, total instrument.Amount, err error) {
	s, total, err := readPart(inv)
	return s.Amount, total, err
}
