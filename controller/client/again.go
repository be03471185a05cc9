package client

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Unused refuses the id of a payment of several instruments for anything else.
func (w *Wallet) Unused(ctx context.Context, id instrument.OperationID) error {
	_, found, err := w.together(ctx, id)
	if err == nil && found {
		err = keyReused()
	}
	return err
}

// PaidBefore finds how a payment ended, if its operation was begun before; false: it was not.
// Payment, peer and user must be the same as then (fault.Conflict, protocol.ReasonKeyReused): otherwise
// the person would read that a vendor was paid who has got nothing. A payment that has not ended
// yet is fault.Unknown (protocol.ReasonPending). A peer is known again by its key; on lines in
// clear all peers count as one.
func (w *Wallet) PaidBefore(ctx context.Context, p Payment) (Paid, bool, error) {
	if p.Operation == "" { // a new payment; an empty prefix would find any
		return Paid{}, false, nil
	}
	if _, found, err := w.together(ctx, p.Operation); found { // one of several instruments
		return Paid{}, true, cmp.Or(err, keyReused())
	}
	found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(p.Operation)})
	if err != nil || len(found) == 0 {
		return Paid{}, false, err
	}
	r := found[0]
	out := Paid{Operation: r.ID, Peer: p.Peer.Name, Class: r.Class, Protocol: r.Protocol}
	switch {
	case r.Principal != w.user.ID:
		return out, true, keyOfAnother()
	case !p.is(r):
		return out, true, keyReused()
	case r.Fault != nil:
		return out, true, over(r)
	case r.Result == nil:
		return out, true, fault.New(fault.Unknown, "this payment has not ended yet").Because(protocol.ReasonPending)
	}
	out.Price, out.Result = r.Result.Amount, r.Result.Value
	if len(r.Instruments) > 0 {
		out.Instrument = r.Instruments[0]
	}
	return out, true, nil
}

// paidWherever is PaidBefore outside of a session with the peer. If the payment has not ended, its
// peer may have moved since, so it is looked for first.
func (w *Wallet) paidWherever(ctx context.Context, p Payment) (Paid, bool, error) {
	paid, found, err := w.PaidBefore(ctx, p)
	if found && p.Peer.Key == "" {
		if p.Peer.Key, err = w.keyOf(ctx, p.Peer); err != nil {
			return Paid{}, true, err
		}
		paid, found, err = w.PaidBefore(ctx, p)
	}
	if fault.ReasonOf(err) != protocol.ReasonPending {
		return paid, found, err
	}
	w.seeks(ctx, p.Peer)
	return w.PaidBefore(ctx, p)
}

// seekFor is how long the peer of an open payment is looked for.
const seekFor = 5 * time.Second

// seeks looks for a peer where the payer says that it is by now, and waits for what an earlier
// life has begun with it.
func (w *Wallet) seeks(ctx context.Context, p comm.Peer) {
	ctx, cancel := context.WithTimeout(ctx, seekFor)
	defer cancel()
	if s, err := w.InitiateSession(ctx, p, controller.Login{}); err == nil {
		_ = s.Close(context.WithoutCancel(ctx))
	}
}

// over is the fault of a payment that has ended without paying, or without anybody knowing. Its
// hint is a new one: the same key does not ask anybody again.
func over(r protocol.Record) error {
	f := r.Fault
	switch {
	case f.Reason == protocol.ReasonKeyReused: // the vendor knows of something that we do not
		return f
	case fault.NothingHappened(f):
		return fault.Wrap(f, f.Kind, "under this key nothing was paid, and nothing is any more: %s", f.Message).
			Because(f.Reason).WithHint("use another --key to pay now")
	case f.Reason == "provider-unknown" && r.Invoice[controller.InvoiceCharge] == "once" && r.Invoice[controller.InvoicePayment] == "":
		// Unlike a part of a payment, it has no next operation that would ask about it.
		return fault.Wrap(f, f.Kind, "%s", f.Message).Because(f.Reason).
			WithHint("this payment has ended here: ask the vendor, whose terminal finds out, and gives back by `terminal refund %s` what was charged; do not pay otherwise before", protocol.Short(r.ID))
	case f.Reason == "provider-unknown" && r.Invoice[controller.InvoiceCharge] == "" && r.Invoice[controller.InvoiceAccount] != "":
		// Its label finds the charge, whatever key asks for it.
		return fault.Wrap(f, f.Kind, "%s", f.Message).Because(f.Reason).
			WithHint("this key asks nobody any more: repeat the payment under another --key with the same label, which finds out and is charged once")
	}
	return f
}

// Ended is the fault under which a payment that has just failed is known from now on, if it has
// ended: the one that its key gives.
func (w *Wallet) Ended(ctx context.Context, op instrument.OperationID, failure error) error {
	if op == "" || !errors.Is(failure, fault.Unknown) {
		return failure
	}
	found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(op), State: protocol.Ended, Limit: 1})
	if err != nil || len(found) == 0 || found[0].Fault == nil {
		return failure
	}
	return over(found[0])
}

// is reports whether an operation on record is this payment.
func (p Payment) is(r protocol.Record) bool {
	return r.Side == protocol.Initiator && r.Operation == protocol.Pay && r.Peer == p.Peer.Key &&
		(p.Class == "" || p.Class == r.Class) &&
		(p.Instrument == "" || slices.Contains(r.Instruments, p.Instrument)) &&
		p.asksFor(r) && p.buys(r)
}

// buys compares what is bought with what the offer says of it. Some vendors' offers do
// not repeat what they were asked for; then there is nothing to compare.
func (p Payment) buys(r protocol.Record) bool {
	if r.Invoice[controller.InvoiceAmount] == "" {
		return true
	}
	for name, value := range p.Invoice {
		if name != profile.InvoiceAge && r.Invoice[name] != value {
			return false
		}
	}
	return true
}

// asksFor compares amounts. It takes that of the invoice, because the vendor's terms may
// have made another price of it; without one it takes the price, as for a withdrawal. A
// person who named a thing and no amount left the amount to the vendor: buys compares.
func (p Payment) asksFor(r protocol.Record) bool {
	asked := r.Invoice[controller.InvoiceAmount]
	if p.Amount == (instrument.Amount{}) {
		return asked == "" || len(p.Invoice) > 0
	}
	return asked == p.Amount.String() || asked == "" && (r.Result == nil || r.Result.Amount == p.Amount)
}

// keyOf is the key of a peer: the one by which it is known or that its address names, or
// else the one that it proves now.
func (w *Wallet) keyOf(ctx context.Context, p comm.Peer) (string, error) {
	if p.Key != "" {
		return p.Key, nil
	}
	for _, text := range p.Addresses {
		if a, err := comm.ParseAddress(text); err == nil && a.Key != "" {
			return a.Key, nil
		}
	}
	s, err := w.InitiateSession(ctx, p, controller.Login{})
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close(ctx) }()
	return s.Peer().Key, nil
}
