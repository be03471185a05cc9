package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

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

// Share is what one instrument pays.
type Share struct {
	Instrument instrument.ID
	Amount     instrument.Amount // zero: what the others leave; of one share only
}

// Payer is the person, or whoever decides for them.
type Payer interface {
	// Agree is asked before anything is paid, with a bill for each part.
	Agree(ctx context.Context, bills []Bill) (bool, error)
	// Instead is asked when a part has failed for good, why says how. It names
	// another instrument for it; none: what was paid comes back.
	Instead(ctx context.Context, failed WholePart, why error) (instrument.ID, error)
	// Show tells of each change that is on record.
	Show(Whole)
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
	i, err := w.Instruments().Lookup(ctx, controller.ClassPayment, keyOperation, string(p.Operation))
	switch {
	case errors.Is(err, fault.NotFound):
		if i, err = w.beginTogether(ctx, p, who); err != nil {
			return Whole{}, err
		}
	case err != nil:
		return Whole{}, err
	default:
		if err := w.is(ctx, p, i); err != nil {
			return Whole{}, err
		}
	}
	return w.finish(ctx, i, who)
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
		return none, fault.New(fault.Declined, "you did not agree: nothing was paid").Because("not-agreed")
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

// shares gives the rest to the share that has no amount.
func (p Together) shares() ([]Share, error) {
	malformed := func(format string, args ...any) ([]Share, error) {
		return nil, fault.New(fault.Invalid, format, args...).Because("parts-malformed").
			WithHint("such as --amount CHF:12 --instrument coupon=CHF:5 --instrument card")
	}
	if p.Amount.IsZero() {
		return malformed("how much is it in all?")
	}
	out, rest, open := slices.Clone(p.Shares), p.Amount, -1
	for n, s := range out {
		if slices.ContainsFunc(out[:n], func(o Share) bool { return o.Instrument == s.Instrument }) {
			return malformed("an instrument pays one part")
		}
		if s.Amount == (instrument.Amount{}) {
			if open >= 0 {
				return malformed("only one part takes the rest")
			}
			open = n
			continue
		}
		left, err := rest.Sub(s.Amount)
		if err != nil || s.Amount.IsZero() {
			return malformed("the parts are more than %s, in other money, or nothing", p.Amount)
		}
		rest = left
	}
	switch {
	case open >= 0 && rest.IsZero(), open < 0 && !rest.IsZero():
		return malformed("the parts do not make up %s", p.Amount)
	case open >= 0:
		out[open].Amount = rest
	}
	return out, nil
}

// ReasonAmbiguous marks a name with which several things begin.
const ReasonAmbiguous fault.Reason = "name-ambiguous"

// FindPayment finds a payment of several instruments by a unique beginning of its
// operation, of at least eight characters; fault.NotFound. Several are fault.Invalid,
// reason "name-ambiguous".
func (w *Wallet) FindPayment(ctx context.Context, name string) (Whole, error) {
	i, err := w.findPayment(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	return wholeOf(i)
}

func (w *Wallet) findPayment(ctx context.Context, name string) (instrument.Instance, error) {
	all, err := w.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: w.user.ID})
	if err != nil {
		return instrument.Instance{}, err
	}
	all = slices.DeleteFunc(all, func(i instrument.Instance) bool {
		return len(name) < shortest || !strings.HasPrefix(i.Keys[keyOperation], strings.ToLower(name))
	})
	switch len(all) {
	case 0:
		return instrument.Instance{}, fault.New(fault.NotFound, "this wallet has no such payment").Because("operation-unknown")
	case 1:
		return all[0], nil
	}
	return instrument.Instance{}, fault.New(fault.Invalid, "%d payments begin like that", len(all)).Because(ReasonAmbiguous).WithHint("give more characters")
}

// ResumePayment goes on with a payment of several instruments: it is paid, or what
// was paid comes back.
func (w *Wallet) ResumePayment(ctx context.Context, name string, who Payer) (Whole, error) {
	i, err := w.findPayment(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	return w.resume(ctx, i, who)
}

// ResumePayments goes on with all that an earlier life has left, without a person.
// What somebody works on who lives is theirs.
func (w *Wallet) ResumePayments(ctx context.Context) error {
	var failed []error
	for _, status := range []string{PaymentOpen, PaymentRefunding} {
		all, err := w.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: w.user.ID, Status: status})
		if err != nil {
			return err
		}
		for _, i := range all {
			if _, err := w.resume(ctx, i, Nobody{}); errors.Is(err, fault.Unknown) {
				failed = append(failed, err)
			}
		}
	}
	return errors.Join(failed...)
}

// AbandonPayment ends a payment of which nothing was paid and nothing can be any
// more. Else it is refused (fault.Conflict): what was paid comes back first.
func (w *Wallet) AbandonPayment(ctx context.Context, name string) (Whole, error) {
	r, err := w.readingNamed(ctx, name)
	if err != nil {
		return Whole{}, err
	}
	switch {
	case r.now.Status != PaymentOpen && r.now.Status != PaymentRefunding:
		return Whole{}, fault.New(fault.Conflict, "this payment is %s", r.now.Status).Because("operation-ended")
	case r.rec.any(PartPaying, PartPaid, PartRefunding, PartRefunded), r.rec.doubtful() >= 0:
		return Whole{}, fault.New(fault.Conflict, "a part of this payment was paid or may have been").Because("value-outside").WithHint("%s", r.insteadOfAbandoning())
	}
	free, err := w.busy.take(r.rec.Operation)
	if err != nil {
		return Whole{}, err
	}
	defer free()
	if err := r.mine(); err != nil {
		return Whole{}, err
	}
	err = r.change(ctx, func(p *parent) string {
		p.Reason = "abandoned"
		return PaymentAborted
	})
	return r.whole(), err
}

// Nobody is a Payer who is not there: it was agreed before, and of a part that
// fails nothing else is known than to have the others back.
type Nobody struct{}

// Agree implements Payer.
func (Nobody) Agree(context.Context, []Bill) (bool, error) { return false, nil }

// Instead implements Payer.
func (Nobody) Instead(context.Context, WholePart, error) (instrument.ID, error) { return "", nil }

// Show implements Payer.
func (Nobody) Show(Whole) {}

func (r *running) insteadOfAbandoning() string {
	switch {
	case r.now.Status == PaymentRefunding:
		return "go on with `wallet operation resume`; to give up what does not come back, repeat with --forgo"
	case r.rec.any(PartPaying, PartPaid, PartRefunding, PartRefunded):
		return "go on with `wallet operation resume`, or get it back with `wallet refund`"
	}
	return r.findOut()
}
