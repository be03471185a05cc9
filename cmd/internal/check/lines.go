package check

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
)

// ClearLines refuses lines in clear of a party's settings that allow nothing: they are compared with
// addresses as those are written.
func ClearLines(lines []string) error {
	for _, l := range lines {
		if a, err := comm.ParseAddress(l); err != nil || !stream.InClear(a.Scheme) || l != (comm.Address{Scheme: a.Scheme, Path: a.Path}).String() {
			return fault.New(fault.Invalid, "%q is not the address of a line in clear, so it allows none", l).Because("address-malformed").
				WithHint("write it like serial-clear:/dev/ttyS0, without a key")
		}
	}
	return nil
}
