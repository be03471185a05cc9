package controller

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ClassPayment is what a wallet and a vendor keep of a payment of several
// instruments: the parent of its parts, each side's view of it (decision 19).
const ClassPayment instrument.ClassID = "payment"

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
