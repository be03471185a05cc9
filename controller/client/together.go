package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Together is a payment of several instruments to one vendor.
type Together struct {
	Peer      comm.Peer
	Operation instrument.OperationID // idempotency key; see Controller.OperationID
	Amount    instrument.Amount
	Invoice   instrument.Invoice // what is bought, further names and values
	Shares    []Share
}

// PayTogether pays with several instruments, one part after the other, each by the
// steps of a session. If one fails for good, the payer may name another instrument
// for it, else what was paid is given back. The record of it is the parent of the
// parts' operations: whatever happens on the way, ResumePayment goes on from there.
// While one works on it, for as long as a person thinks, all others get
// fault.Locked, reason "payment-taken".
//
// The error is nil if all was paid; fault.Declined if the payment did not come about,
// reason "payment-given-back" if what was paid has come back, "payment-aborted" if
// nothing was paid; fault.Unknown if it is not decided yet.
func (w *Wallet) PayTogether(ctx context.Context, p Together, who Payer) (Whole, error) {
	free, err := w.busy.take(p.Operation)
	if err != nil {
		return Whole{}, err
	}
	defer free()
	i, begun, err := w.begun(ctx, p)
	if err == nil && !begun {
		i, err = w.beginTogether(ctx, p, who)
	}
	if err != nil {
		return Whole{}, err
	}
	return w.finish(ctx, i, who)
}

// Begun reports whether a payment was begun before: then PayTogether goes on with it. What its key
// belongs to must be this payment.
func (w *Wallet) Begun(ctx context.Context, p Together) (bool, error) {
	_, begun, err := w.begun(ctx, p)
	return begun, err
}

func (w *Wallet) begun(ctx context.Context, p Together) (instrument.Instance, bool, error) {
	i, found, err := w.together(ctx, p.Operation)
	if err == nil && found {
		err = w.is(ctx, p, i)
	}
	return i, found && err == nil, err
}

// together finds the record of a payment of several instruments by its key. That of another user is
// found as well, and refused.
func (w *Wallet) together(ctx context.Context, key instrument.OperationID) (i instrument.Instance, found bool, err error) {
	i, err = w.Instruments().Lookup(ctx, controller.ClassPayment, keyOperation, string(key))
	switch {
	case errors.Is(err, fault.NotFound):
		return i, false, nil
	case errors.Is(err, fault.Locked), err == nil && i.Owner != w.user.ID:
		return instrument.Instance{}, true, keyOfAnother()
	}
	return i, err == nil, err
}

// is refuses a payment that another one has the key of: all that was asked then
// must be what is asked now.
func (w *Wallet) is(ctx context.Context, p Together, i instrument.Instance) error {
	var was parent
	if err := i.Decode(&was); err != nil {
		return err
	}
	shares, err := p.shares()
	if err != nil {
		return err
	}
	key, err := w.keyOf(ctx, p.Peer)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(was.Parts, shares, func(q part, s Share) bool { return q.Amount == s.Amount && q.asked() == s.Instrument })
	if was.Total != p.Amount || key != was.Peer.Key || !same || !maps.Equal(was.Invoice, p.Invoice) {
		return keyReused()
	}
	return nil
}

func keyReused() error {
	return fault.New(fault.Conflict, "this key belongs to another payment").Because(protocol.ReasonKeyReused).
		WithHint("use another --key for another payment")
}

// keyOfAnother refuses a key that another user of this wallet has said: what they have paid is not paid
// by this one.
func keyOfAnother() error {
	return fault.New(fault.Conflict, "another user of this wallet has used this key").Because(protocol.ReasonKeyReused).
		WithHint("use another --key; `wallet operation list` shows what was begun")
}

// beginTogether agrees on everything and stores the record.
func (w *Wallet) beginTogether(ctx context.Context, p Together, who Payer) (instrument.Instance, error) {
	none := instrument.Instance{}
	if used, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(p.Operation), Limit: 1}); err != nil || len(used) > 0 {
		return none, errors.Join(err, keyReused())
	}
	shares, err := p.shares()
	if err != nil {
		return none, err
	}
	s, err := w.InitiateSession(ctx, p.Peer, controller.Login{})
	if err != nil {
		return none, err
	}
	defer func() { _ = s.Close(ctx) }()
	rec := parent{Operation: p.Operation, Peer: s.Peer(), Total: p.Amount, Invoice: p.Invoice, Begun: w.Now().UTC(), Runner: w.Protocols().Runner()}
	var bills []Bill
	for n, share := range shares {
		want := part{Instrument: share.Instrument, Amount: share.Amount, State: PartWaiting}
		rec.Parts = append(rec.Parts, want)
		bill, err := w.negotiate(ctx, s, Payment{Amount: share.Amount, Invoice: rec.invoice(n), Instrument: share.Instrument})
		if err == nil {
			err = bill.maybePart()
		}
		if err != nil {
			return none, err
		}
		rec.Parts[n].Class, rec.Parts[n].Price, rec.Parts[n].Protocol = bill.Class, bill.Terms.Price, bill.Protocol
		bills = append(bills, bill)
	}
	yes, err := who.Agree(ctx, bills)
	if err != nil {
		return none, err
	}
	if !yes {
		return none, notAgreed()
	}
	return w.keep(ctx, rec)
}

// maybePart refuses to pay a part with what never comes back: if another part fails,
// it would be gone for nothing.
func (b Bill) maybePart() error {
	if b.comesBack {
		return nil
	}
	return fault.New(fault.Unsupported, "what is paid with a %s does not come back, so it pays no part of a payment of several instruments", b.Class).
		Because("part-not-refundable").WithHint("pay with it alone, or choose another instrument")
}

// keep stores the record of a payment that begins.
func (w *Wallet) keep(ctx context.Context, rec parent) (instrument.Instance, error) {
	i := instrument.Instance{
		Class: controller.ClassPayment, Owner: w.user.ID, Name: rec.Peer.Name, Status: PaymentOpen, Keys: map[string]string{keyOperation: string(rec.Operation)},
	}
	if err := i.Encode(rec); err != nil {
		return i, err
	}
	w.Passes(protocol.PointBeforeRecord)
	err := w.Instruments().Update(ctx, func(tx *instrument.Draft) (err error) {
		i.ID, err = tx.Create(i)
		return err
	})
	if err != nil {
		return i, err
	}
	w.Passes(protocol.PointAfterRecord)
	return w.Instruments().View(ctx, i.ID)
}

// invoice is what the vendor is told of a part.
func (p parent) invoice(n int) instrument.Invoice {
	inv := instrument.Invoice{}
	maps.Copy(inv, p.Invoice)
	inv[controller.InvoicePayment], inv[controller.InvoicePart] = p.name(), fmt.Sprintf("%d.%d", n+1, p.Parts[n].Choice)
	inv[controller.InvoiceTotal], inv[controller.InvoiceAmount] = p.Total.String(), p.Parts[n].Amount.String()
	return inv
}
