package sdk

import "github.com/swaperoo/swaperoo/instrument"

// Class is an instrument class whose rules are its moves and keys. It may have one more
// check, and a preference among protocols.
type Class struct {
	About instrument.Info // without Checks, which is set if there is a Rule
	// Rule is the class's Check; nil if moves and keys say everything. Pure.
	Rule func(before, after *instrument.Instance) error
	// Choose is the class's Prefer; nil takes the protocol that the user likes most, or
	// else the first one.
	Choose func(protocols []string, with instrument.Circumstances) (string, error)
}

// Info implements instrument.Class.
func (c Class) Info() instrument.Info {
	i := c.About
	i.Checks = c.Rule != nil
	return i
}

// Check implements instrument.Class.
func (c Class) Check(before, after *instrument.Instance) error {
	if c.Rule == nil {
		return nil
	}
	return c.Rule(before, after)
}

// Prefer implements instrument.Class.
func (c Class) Prefer(protocols []string, with instrument.Circumstances) (string, error) {
	if c.Choose != nil {
		return c.Choose(protocols, with)
	}
	return instrument.PreferFirst(protocols, with), nil
}
