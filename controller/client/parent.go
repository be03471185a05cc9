package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Statuses of a payment of several instruments. It begins open and never becomes open
// again; all others but refunding are final.
const (
	PaymentOpen      = "open"
	PaymentPaid      = "paid"      // all parts
	PaymentRefunding = "refunding" // a part has failed for good, and those that were paid come back
	PaymentRefunded  = "refunded"  // they have come back
	PaymentForgone   = "forgone"   // the payer has given up what did not come back
	PaymentAborted   = "aborted"   // nothing was paid
)

// States of a part.
const (
	PartWaiting   = "waiting"
	PartPaying    = "paying" // its operation may have begun
	PartPaid      = "paid"
	PartFailed    = "failed" // for good: nothing was paid
	PartRefunding = "refunding"
	PartRefunded  = "refunded"
	PartForgone   = "forgone" // paid, and the payer has given it up
	PartUnpaid    = "unpaid"  // as it is shown: the payment has failed before the part's turn
)

// Payments are the wallet's own classes, which no plugin brings.
func Payments() protocol.Bundle {
	return protocol.Bundle{Name: "payments", Classes: []instrument.Class{controller.Kept{Rule: checkParent, About: instrument.Info{
		ID: controller.ClassPayment, Title: "Payment of several instruments", Keys: []string{keyOperation}, Shareable: true,
		Outside: []string{PaymentOpen, PaymentRefunding},
		Moves: []instrument.Move{
			{From: "", To: PaymentOpen},
			{From: PaymentOpen, To: PaymentOpen},
			{From: PaymentOpen, To: PaymentPaid},
			{From: PaymentOpen, To: PaymentRefunding},
			{From: PaymentOpen, To: PaymentAborted},
			{From: PaymentRefunding, To: PaymentRefunding},
			{From: PaymentRefunding, To: PaymentRefunded},
			{From: PaymentRefunding, To: PaymentForgone},
		},
		Fields: []instrument.Field{{Name: "total", Title: "Total"}, {Name: "begun", Title: "Begun"}},
	}}}}
}

const keyOperation = "operation"

// parent is the record of a payment of several instruments. Each operation of a
// part is in it before it begins, so that a later life finds it by its id.
type parent struct {
	Operation instrument.OperationID `json:"operation"`
	Peer      comm.Peer              `json:"peer"` // with the key that it has proved
	Total     instrument.Amount      `json:"total"`
	Invoice   instrument.Invoice     `json:"invoice,omitempty"`
	Parts     []part                 `json:"parts"`
	Begun     time.Time              `json:"begun"`
	Reason    string                 `json:"reason,omitempty"` // why it did not come about
	Runner    string                 `json:"runner,omitempty"` // the life of the process that works on it; empty: whoever wants to may
}

// part is one instrument's share.
type part struct {
	Instrument instrument.ID          `json:"instrument"`
	Asked      instrument.ID          `json:"asked,omitempty"` // the one that the payer named first, if another one pays instead
	Class      instrument.ClassID     `json:"class"`
	Amount     instrument.Amount      `json:"amount"`
	Price      instrument.Amount      `json:"price"`         // to which the person has agreed
	Cost       instrument.Amount      `json:"cost,omitzero"` // what its last operation pays: no more than Price
	State      string                 `json:"state"`
	Protocol   string                 `json:"protocol,omitempty"`
	Choice     int                    `json:"choice"` // which instrument this is for the part: 0 is the first
	Tries      int                    `json:"tries"`
	Operation  instrument.OperationID `json:"operation,omitempty"` // the last one that pays
	Refunds    int                    `json:"refunds,omitempty"`
	Refund     instrument.OperationID `json:"refund,omitempty"` // the last one that gives back
	Reason     string                 `json:"reason,omitempty"` // why it failed, why it is not back yet, or why it is in doubt whether an earlier operation has paid it
}

// cost is what was paid or is being paid. Records of an earlier version do not say it; there it is
// the price that was agreed to.
func (p part) cost() instrument.Amount {
	return cmp.Or(p.Cost, p.Price)
}

// asked is the instrument that the payer asked for first.
func (p part) asked() instrument.ID { return cmp.Or(p.Asked, p.Instrument) }

// name is the name by which the vendor knows the payment.
func (p parent) name() string { return protocol.Short(p.Operation) }

// next is the first part that is not paid, -1 if all are.
func (p parent) next() int {
	return slices.IndexFunc(p.Parts, func(q part) bool { return q.State != PartPaid })
}

// any reports whether a part is in one of the states.
func (p parent) any(states ...string) bool {
	return slices.ContainsFunc(p.Parts, func(q part) bool { return slices.Contains(states, q.State) })
}

// broken is the status that a payment gets when a part has failed.
func (p parent) broken() string {
	if p.any(PartPaid) {
		return PaymentRefunding
	}
	return PaymentAborted
}

// fits is the pure rule that says which states of parts a status allows.
func (p parent) fits(status string) bool {
	if p.any(PartForgone) != (status == PaymentForgone) {
		return false
	}
	switch status {
	case PaymentOpen:
		return !p.any(PartFailed, PartRefunding, PartRefunded)
	case PaymentPaid:
		return p.next() < 0
	case PaymentRefunding:
		return !p.any(PartPaying) && p.any(PartPaid, PartRefunding, PartRefunded)
	case PaymentRefunded:
		return !p.any(PartPaying, PartPaid, PartRefunding) && p.any(PartRefunded)
	case PaymentForgone:
		return !p.any(PartPaying, PartPaid, PartRefunding)
	case PaymentAborted:
		return !p.any(PartPaying, PartPaid, PartRefunding, PartRefunded)
	}
	return false
}

// checkParent is the rule of the class: the parts make up the total and fit the status,
// and what was paid either stays paid or comes back.
func checkParent(before, after *instrument.Instance) error {
	var is, was parent
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of a payment").Because("payment-malformed")
	}
	sum := instrument.ZeroOf(is.Total.Currency)
	for _, p := range is.Parts {
		var err error
		if sum, err = sum.Add(p.Amount); err != nil {
			return err
		}
	}
	if sum != is.Total || len(is.Parts) == 0 || is.Total.IsZero() || after.Keys[keyOperation] != string(is.Operation) {
		return fault.New(fault.Invalid, "a payment is the sum of its parts").Because("payment-malformed")
	}
	if !is.fits(after.Status) {
		return fault.New(fault.Conflict, "a payment whose parts are like this is not %s", after.Status).Because("move-refused")
	}
	if before == nil {
		return nil
	}
	if err := before.Decode(&was); err != nil {
		return err
	}
	return was.becomes(is)
}

// becomes refuses what a payment cannot become.
func (p parent) becomes(q parent) error {
	if p.Operation != q.Operation || p.Peer.Key != q.Peer.Key || p.Total != q.Total || len(p.Parts) != len(q.Parts) {
		return fault.New(fault.Invalid, "a payment cannot become another payment").Because("payment-changed")
	}
	for n, part := range p.Parts {
		if !part.becomes(q.Parts[n]) {
			return fault.New(fault.Conflict, "part %d of this payment is %s and cannot become %s", n+1, part.State, q.Parts[n].State).Because("move-refused")
		}
	}
	return nil
}

// becomes is the pure table of a part's states. Once a part is paid, its operation and its
// instrument do not change.
func (p part) becomes(q part) bool {
	paid := p.State == PartPaid || p.State == PartRefunding || p.State == PartRefunded || p.State == PartForgone
	if p.Amount != q.Amount || paid && (p.Operation != q.Operation || p.Instrument != q.Instrument) || p.Tries > q.Tries || p.Refunds > q.Refunds {
		return false
	}
	if p.State == q.State {
		return true
	}
	if p.State == PartWaiting && q.State == PartPaid {
		return p.doubt() // one of its operations is found to have ended well
	}
	return slices.Contains([]instrument.Move{
		{From: PartWaiting, To: PartPaying},
		{From: PartWaiting, To: PartFailed},
		{From: PartPaying, To: PartWaiting},
		{From: PartPaying, To: PartPaid},
		{From: PartPaying, To: PartFailed},
		{From: PartPaid, To: PartRefunding},
		{From: PartPaid, To: PartForgone},
		{From: PartRefunding, To: PartPaid},
		{From: PartRefunding, To: PartRefunded},
	}, instrument.Move{From: p.State, To: q.State})
}
