package controller

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ClassPayment is what a wallet and a vendor keep of a payment of several
// instruments: the parent of its parts, each side's view of it (decision 19).
const ClassPayment instrument.ClassID = "payment"

// Names in the invoice of a part of such a payment.
const (
	InvoicePayment = "payment" // the name of the parent, one for each payer
	InvoicePart    = "part"    // the part's; one that is tried again keeps it until it has surely failed
	InvoiceTotal   = "total"   // of all parts
	InvoiceAmount  = "amount"  // of this one
)

// InvoiceWords are names of an invoice that have a meaning for a payment. What is
// bought has other names; a vendor's account that is paid into is one of those.
func InvoiceWords() []string {
	return []string{
		InvoicePayment, InvoicePart, InvoiceTotal, InvoiceAmount, InvoiceRefund,
		"reference", "merchant", "reserve", "charge",
	}
}

// InvoiceRefund names the operation whose payment shall come back.
const InvoiceRefund = "refund"

// Kept is a class of a role's own records. No bundle has it, so no protocol
// reaches its instances.
type Kept struct {
	About instrument.Info
	Rule  func(before, after *instrument.Instance) error
}

// Info implements instrument.Class.
func (k Kept) Info() instrument.Info {
	i := k.About
	i.Checks = true
	return i
}

// Check implements instrument.Class.
func (k Kept) Check(before, after *instrument.Instance) error { return k.Rule(before, after) }

// Prefer implements instrument.Class.
func (k Kept) Prefer([]string, instrument.Circumstances) (string, error) {
	return "", fault.New(fault.Unsupported, "nobody pays with a %s", k.About.ID).Because("class-not-offered")
}
