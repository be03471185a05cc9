package client

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Inner knows of which withdrawal or payment of several instruments an operation is a step: the
// person has begun that one, and goes on with that one.
type Inner struct {
	reserves    map[instrument.ID]instrument.OperationID
	withdrawals map[string]instrument.OperationID // by their WOPIDs
	parts       map[instrument.OperationID]instrument.OperationID
}

// Inner reads what this wallet has on record of withdrawals and payments of several instruments.
func (w *Wallet) Inner(ctx context.Context) (Inner, error) {
	of := Inner{map[instrument.ID]instrument.OperationID{}, map[string]instrument.OperationID{}, map[instrument.OperationID]instrument.OperationID{}}
	withdrawals, err := w.Withdrawals(ctx)
	if err != nil {
		return of, err
	}
	for _, x := range withdrawals {
		of.reserves[x.id] = x.Operation
		if x.Bank != "" {
			of.withdrawals[x.uri.ID.Text()] = x.Operation
		}
	}
	payments, err := w.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: w.user.ID})
	if err != nil {
		return of, err
	}
	for _, i := range payments {
		if err := of.add(w, i); err != nil {
			return of, err
		}
	}
	return of, nil
}

// add notes all operations that the parts of a payment have had.
func (i Inner) add(w *Wallet, payment instrument.Instance) error {
	var rec parent
	if err := payment.Decode(&rec); err != nil {
		return err
	}
	for n, p := range rec.Parts {
		for what, tries := range map[string]int{operationPays: p.Tries, operationGivesBack: p.Refunds} {
			for try := range tries {
				id, err := w.partOperation(what, rec.Operation, n, try+1)
				if err != nil {
					return err
				}
				i.parts[instrument.OperationID(protocol.Short(id))] = instrument.OperationID(rec.name())
			}
		}
	}
	return nil
}

// Of is the withdrawal or payment of which an operation on record is a step; empty if it is none.
func (i Inner) Of(r protocol.Record) instrument.OperationID {
	if whole, ok := i.parts[r.ID]; ok {
		return whole
	}
	for _, id := range r.Instruments {
		if x, ok := i.reserves[id]; ok {
			return x
		}
	}
	switch {
	case r.Class == ClassWithdrawal:
		var at taler.AbortArgs
		if json.Unmarshal(r.Args, &at) == nil {
			return i.withdrawals[at.WOPID.Text()]
		}
	case r.Class == ClassCard && r.Operation == protocol.Pay:
		return i.withdrawals[r.Invoice[controller.InvoiceReference]]
	}
	return ""
}

// What an operation of a part does.
const (
	operationPays      = "pay"
	operationGivesBack = "refund"
)

// partOperation is the id of a part's operation. It is the same in every life.
func (w *Wallet) partOperation(what string, of instrument.OperationID, n, try int) (instrument.OperationID, error) {
	return w.Controller.OperationID(fmt.Sprintf("%s %s %d.%d", what, of, n+1, try))
}

// ownKey are the keys under which the wallet itself begins operations: to pay a withdrawal, and to pay
// a part or have a payment given back.
var ownKey = regexp.MustCompile(`^(withdrawal|pay|refund) [0-9a-z]{26,32} [0-9.]+$`)

// OperationID is the id that a key names which somebody has said. None of the wallet's own is taken:
// whoever uses the wallet first under one, such as an agent, would keep it from what it begins itself.
func (w *Wallet) OperationID(key string) (instrument.OperationID, error) {
	if ownKey.MatchString(key) {
		return "", fault.New(fault.Invalid, "the wallet gives the key %q itself", fault.Clip(key)).Because("key-reserved").WithHint("use another --key")
	}
	return w.Controller.OperationID(key)
}
