// Package instrumenttest holds what the tests of many packages write with instruments.
package instrumenttest

import (
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// Amount reads an amount, such as CHF:10.50; an empty text is no amount.
func Amount(t testing.TB, text string) (a instrument.Amount) {
	t.Helper()
	if err := a.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return a
}

// Sum is Amount where there is no test yet, as in tables of a package.
func Sum(text string) instrument.Amount {
	a, err := instrument.ParseAmount(text)
	if err != nil {
		panic(err)
	}
	return a
}
