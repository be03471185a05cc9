package controller

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ClassPayment is the class of the record that a wallet and a vendor each keep of a
// payment of several instruments (decision 19).
const ClassPayment instrument.ClassID = "payment"

// Kept is a class of records that a role keeps for itself. It belongs to no bundle, so no
// protocol reaches its instances.
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
