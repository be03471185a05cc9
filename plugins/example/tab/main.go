// Command tab is a wallet plugin for tabs at a pub: a regular's promise to pay later,
// and the receipt for it. Unlike the other examples it has a protocol of its own.
package main

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

func main() {
	sdk.Main(sdk.Bundle{
		Name: "tab", Version: "1.0.0",
		Classes: func(r comm.Role) []instrument.Class {
			if r == comm.Vendor {
				return []instrument.Class{account, entry}
			}
			return []instrument.Class{tab, receipt}
		},
		Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{write{}} },
	})
}

const number, operation = "number", "operation" // unique keys

// tab and receipt are what the wallet has, account and entry what the pub has of them.
// An account is shareable: a regular's wallets, or two payments, do not wait for each other.
var tab = sdk.Class{About: instrument.Info{
	ID: "tab", Title: "Tab", Keys: []string{number},
	Fields: []instrument.Field{{Name: number, Title: "Number"}, {Name: "pin", Title: "PIN", Secret: true}},
	Moves:  sdk.Moves("> open > promising > promising > open", "open > open > closed"),
}}

var account = sdk.Class{About: instrument.Info{
	ID: "tab", Title: "Tab", Keys: []string{number}, Shareable: true,
	Fields: append(tab.About.Fields, instrument.Field{Name: "owed", Title: "Owed"}, instrument.Field{Name: "limit", Title: "Limit"}),
	Moves:  sdk.Moves("> kept > kept > closed"),
}}

var receipt = sdk.Class{About: instrument.Info{
	ID: "tab-receipt", Title: "Receipt", Keys: []string{operation}, Moves: sdk.Moves("> valid > void"),
}}

var entry = sdk.Class{Rule: noMoreThanPaid, About: instrument.Info{
	ID: "tab-receipt", Title: "Receipt", Keys: []string{operation}, Moves: sdk.Moves("> paid > returned"),
}}

// owing is the state of a tab; the wallet's has no limit, and what is owed is what the
// pub said last.
type owing struct {
	Number string            `json:"number"`
	PIN    string            `json:"pin"`
	Owed   instrument.Amount `json:"owed"`
	Limit  instrument.Amount `json:"limit,omitzero"`
}

// written is the state of a receipt, on either side.
type written struct {
	Tab    string            `json:"tab"`
	Amount instrument.Amount `json:"amount"`
	sdk.Returned
}

func noMoreThanPaid(before, after *instrument.Instance) error {
	var now, was written
	if err := after.Decode(&now); err != nil {
		return err
	}
	if before == nil {
		return now.Check(now.Amount, nil)
	}
	if err := before.Decode(&was); err != nil {
		return err
	}
	return now.Check(now.Amount, &was.Returned)
}

// write is the protocol.
type write struct{}

func (write) Info() protocol.Info {
	return protocol.Info{ID: "tab.write", Title: "Write it on the tab", Replay: 1}
}

func (write) CompatibleWith(class instrument.ClassID) bool { return class == "tab" }

func (write) Operations(_ instrument.ClassID, peer comm.Role) []protocol.Operation {
	if peer != comm.Client && peer != comm.Vendor {
		return nil
	}
	return []protocol.Operation{
		{Name: protocol.Pay, Messages: true, Instruments: protocol.WantsMain},
		{Name: protocol.Refund, Messages: true, Instruments: protocol.WantsMain},
	}
}

// DoOperation only says who does what; both sides of an operation stand next to each
// other in pay.go and refund.go.
func (write) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	type side struct {
		protocol.Side
		operation string
	}
	switch (side{s.Side(), c.Operation}) {
	case side{protocol.Initiator, protocol.Pay}:
		return promise(ctx, s, c)
	case side{protocol.Servicer, protocol.Pay}:
		return serve(ctx, s, c)
	case side{protocol.Initiator, protocol.Refund}:
		return fetch(ctx, s, c)
	case side{protocol.Servicer, protocol.Refund}:
		return strike(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "a tab has no %s", c.Operation).Because("operation-unknown")
}
