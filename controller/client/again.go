package client

import (
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
	_, err := w.Instruments().Lookup(ctx, controller.ClassPayment, keyOperation, string(id))
	switch {
	case err == nil:
		return keyReused()
	case errors.Is(err, fault.NotFound):
		return nil
	}
	return err
}

// PaidBefore finds how a payment ended, if its operation was begun before; false: it was not. What
// was asked then must be what is asked now, or a person would read that a vendor was paid who
// has got nothing (fault.Conflict, protocol.ReasonKeyReused). One that has not ended yet is
// fault.Unknown (protocol.ReasonPending). The peer is the one with that key, or at a line in
// clear.
func (w *Wallet) PaidBefore(ctx context.Context, p Payment) (Paid, bool, error) {
	if p.Operation == "" { // a new one; an empty prefix would find any
		return Paid{}, false, nil
	}
	if _, err := w.Instruments().Lookup(ctx, controller.ClassPayment, keyOperation, string(p.Operation)); err == nil {
		return Paid{}, true, keyReused() // one of several instruments
	}
	found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(p.Operation)})
	if err != nil || len(found) == 0 {
		return Paid{}, false, err
	}
	r := found[0]
	out := Paid{Operation: r.ID, Peer: p.Peer.Name, Class: r.Class, Protocol: r.Protocol}
	switch {
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

// paidWherever is PaidBefore for whoever is not in a session with the peer. One that has not
// ended may have been begun with a peer that has moved since: it is looked for first.
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

// seekFor is how long a peer is looked for whose payment has not ended.
const seekFor = 5 * time.Second

// seeks looks for a peer where the payer says that it is by now: what an earlier life has
// begun with it goes on there, and is waited for.
func (w *Wallet) seeks(ctx context.Context, p comm.Peer) {
	ctx, cancel := context.WithTimeout(ctx, seekFor)
	defer cancel()
	if s, err := w.InitiateSession(ctx, p, controller.Login{}); err == nil {
		_ = s.Close(context.WithoutCancel(ctx))
	}
}

// over is how a payment ended that did not pay, or of which nobody here knows whether it has.
// What helped then helps no more: the same key asks nobody again.
func over(r protocol.Record) error {
	f := r.Fault
	switch {
	case f.Reason == protocol.ReasonKeyReused: // the vendor knows of something that we do not
		return f
	case fault.NothingHappened(f):
		return fault.Wrap(f, f.Kind, "under this key nothing was paid, and nothing is any more: %s", f.Message).
			Because(f.Reason).WithHint("use another --key to pay now")
	case f.Reason == "provider-unknown" && r.Invoice[controller.InvoiceCharge] == "once" && r.Invoice[controller.InvoicePayment] == "":
		// No further operation asks about it, as the next one of a part does.
		return fault.Wrap(f, f.Kind, "%s", f.Message).Because(f.Reason).
			WithHint("this payment has ended here: ask the vendor, whose terminal finds out, and gives back by `terminal refund %s` what was charged; do not pay otherwise before", protocol.Short(r.ID))
	}
	return f
}

// Ended is how a payment that has just failed has ended, where it has: what its key tells from
// then on.
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

// buys compares what is bought with what the offer says of it. A vendor whose
// offers do not repeat what they were asked for says nothing of that.
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

// asksFor compares amounts: what the invoice said, for the vendor's terms may have
// made another price of it; or the price, which is how a withdrawal is named. Who named
// a thing and no amount left that to the vendor, whose offer may say it: buys compares.
func (p Payment) asksFor(r protocol.Record) bool {
	asked := r.Invoice[controller.InvoiceAmount]
	if p.Amount == (instrument.Amount{}) {
		return asked == "" || len(p.Invoice) > 0
	}
	return asked == p.Amount.String() || asked == "" && (r.Result == nil || r.Result.Amount == p.Amount)
}

// keyOf is the key of a peer: the one that it is known by or that its address
// names, else the one that it proves now.
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
