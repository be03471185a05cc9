package taler

import (
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// Bundle is what a party of each role gets of Taler.
func Bundle() sdk.Bundle {
	return sdk.Bundle{Name: "taler", Version: "1.0.0", Classes: classes, Protocols: protocols}
}

func classes(role comm.Role) []instrument.Class {
	switch role {
	case comm.Client:
		return []instrument.Class{remoteWithdrawal, exchangeClass, reserveClass, coinClass}
	case comm.Vendor:
		return []instrument.Class{terminalWithdrawal, exchangeClass}
	case comm.Bank:
		return []instrument.Class{bankWithdrawal, bankTransfer, bankQuota, bankReturn}
	}
	return nil
}

func protocols(role comm.Role) []protocol.Protocol {
	switch role {
	case comm.Client:
		return []protocol.Protocol{withdrawal{role}, coinWithdrawal{batchForm()}, coinWithdrawal{unifiedForm()}, exchange{}}
	case comm.Vendor:
		return []protocol.Protocol{withdrawal{role}, exchange{}}
	case comm.Bank:
		return []protocol.Protocol{withdrawal{role}}
	}
	return nil
}

// step is one side of one operation: what DoOperation switches on.
type step struct {
	side      protocol.Side
	operation string
}
