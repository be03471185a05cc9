package client

import (
	"cmp"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// ReasonNoVendor marks a peer that is no vendor, and that nothing can be paid to.
const ReasonNoVendor fault.Reason = "peer-no-vendor"

// noVendor says what a peer is, if that is why nothing can be paid to it: then another class or
// instrument is of no use. A peer of any role with which a payment can be agreed on is paid.
func noVendor(peer comm.Peer, refusal error) error {
	if refusal == nil || peer.Role == comm.Vendor {
		return refusal
	}
	switch fault.ReasonOf(refusal) {
	case "no-common-class", "no-common-protocol", "class-not-offered", "instrument-missing", "operation-unknown":
	default:
		return refusal
	}
	hint := "name the vendor that you want to pay, such as by the address that its terminal shows"
	if peer.Role == comm.Bank {
		hint = "name the vendor that you want to pay; a withdrawal is paid at the terminal whose code it is"
	}
	return fault.Wrap(refusal, fault.Unsupported, "nothing can be paid to %s, which is a %s and no vendor", cmp.Or(peer.Name, "this peer"), peer.Role).
		Because(ReasonNoVendor).WithHint("%s", hint)
}
