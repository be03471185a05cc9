package prepaid

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// Bundle is what a party of each role gets of prepaid accounts.
func Bundle() sdk.Bundle {
	return sdk.Bundle{Name: "prepaid", Version: "1.0.0", Classes: classes, Protocols: protocols}
}

func classes(role comm.Role) []instrument.Class {
	switch role {
	case comm.Client:
		return []instrument.Class{purseClass}
	case comm.Vendor:
		return []instrument.Class{ledgerClass, paymentClass, creditClass}
	}
	return nil
}

func protocols(role comm.Role) []protocol.Protocol {
	switch role {
	case comm.Client, comm.Vendor:
		return []protocol.Protocol{variant{role, plainID}, variant{role, signedID}}
	}
	return nil
}
