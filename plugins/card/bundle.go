package card

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// Bundle is what a party of each role gets of card payment.
func Bundle() sdk.Bundle {
	return sdk.Bundle{Name: "card", Version: "1.0.0", Classes: classes, Protocols: protocols}
}

func classes(role comm.Role) []instrument.Class {
	switch role {
	case comm.Client:
		return []instrument.Class{paymentCard}
	case comm.Vendor:
		return []instrument.Class{acceptedCard, cardPayment, cardProvider}
	case comm.Bank:
		return []instrument.Class{cardProvider}
	}
	return nil
}

func protocols(role comm.Role) []protocol.Protocol {
	switch role {
	case comm.Client, comm.Vendor, comm.Bank:
		return []protocol.Protocol{pay{role}}
	}
	return nil
}
