package profile

import (
	"context"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// What a vendor keeps of a customer, and asks in an invoice (paper §4).
const (
	FactBorn   = "born" // YYYY-MM-DD
	InvoiceAge = "age"  // how old the customer must be, in years
)

// OfAge refuses a purchase whose invoice asks for an age that the customer's
// profile does not have. It binds only customers whom the vendor knows: of an
// anonymous payer there is no profile to ask.
func OfAge(_ context.Context, a Action) error {
	asked := a.Invoice[InvoiceAge]
	if asked == "" || a.Principal.Kind != Customer {
		return nil
	}
	years, err := strconv.Atoi(asked)
	if err != nil || years < 0 {
		return fault.New(fault.Denied, "the invoice asks for an age that is none").Because("age-malformed")
	}
	born, err := ParseBorn(a.Principal.Facts[FactBorn])
	if err != nil {
		return fault.New(fault.Denied, "this is sold from the age of %d, and the vendor does not know yours", years).Because("age-unknown").
			WithHint("show the vendor when you were born")
	}
	if ageAt(born, a.now) < years {
		return fault.New(fault.Denied, "this is sold from the age of %d", years).Because("age-too-low")
	}
	return nil
}

// ParseBorn reads a day of birth, YYYY-MM-DD.
func ParseBorn(text string) (time.Time, error) {
	born, err := time.Parse(time.DateOnly, text)
	if err != nil {
		err = fault.Wrap(err, fault.Invalid, "%q is no day of birth", text).Because("born-malformed").WithHint("write it as 2001-12-31")
	}
	return born, err
}

// ageAt counts whole years; a birthday begins at midnight UTC, and that of a
// leap day is the first of March in other years.
func ageAt(born, now time.Time) int {
	now = now.UTC()
	years := now.Year() - born.Year()
	if now.Before(time.Date(now.Year(), born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)) {
		years--
	}
	return years
}
