package prepaid

import (
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// largestPlain is the most that is paid without a signature, in whole units of
// the currency.
const largestPlain = 5

// prefer is the paper's get-Preferred-Protocol (§5.4), with the paper's own example: no
// signature where the line needs none and the sum is small, because signatures are costly for
// a small device; a signature everywhere else, whatever the user prefers.
func prefer(protocols []string, c instrument.Circumstances) (string, error) {
	can := slices.Clone(protocols)
	if !inClear(c.Connectivity) || !small(c.Amount) {
		can = slices.DeleteFunc(can, func(id string) bool { return id == plainID })
	}
	if len(can) == 0 {
		return "", notClear()
	}
	if slices.ContainsFunc(c.Preferences, func(id string) bool { return slices.Contains(can, id) }) {
		return instrument.PreferFirst(can, c), nil
	}
	if slices.Contains(can, plainID) {
		return plainID, nil
	}
	return can[0], nil
}

// inClear reports whether a connection is one that may be in clear: inside a
// process, or a line whose owner has said so.
func inClear(connectivity string) bool {
	return connectivity == "inproc" || strings.HasSuffix(connectivity, "-clear")
}

func small(a instrument.Amount) bool {
	return a.Value < largestPlain || a.Value == largestPlain && a.Fraction == 0
}

// clearTo reports whether a peer is reached over such a line. Otherwise a vendor could talk a
// wallet into the plain protocol by offering no other.
func clearTo(p comm.Peer) bool {
	if len(p.Addresses) == 0 {
		return false
	}
	a, err := comm.ParseAddress(p.Addresses[0])
	return err == nil && inClear(a.Scheme)
}

func notClear() error {
	return fault.New(fault.Denied, "without signatures an account is used only for at most %d units, over a line that may be in clear", largestPlain).
		Because("line-not-clear").WithHint("choose %s", signedID)
}
