package client

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Payment is what a person wants to pay to a vendor, with whatever class of
// instrument both know.
type Payment struct {
	Peer       comm.Peer
	Operation  instrument.OperationID // idempotency key; see Controller.OperationID
	Amount     instrument.Amount      // zero: the vendor knows what is to be paid
	Invoice    instrument.Invoice     // what is bought, further names and values
	Class      instrument.ClassID     // empty: the only one that the vendor takes and this wallet holds
	Instrument instrument.ID          // empty: the only one of its class
	Choose     Choose                 // picks among several instruments; nil: several are a fault (input-needed)
}

// Bill is what the person agrees to before anything is paid.
type Bill struct {
	Peer     comm.Peer
	Class    instrument.ClassID
	Terms    instrument.Terms
	Protocol string
	With     instrument.Instance // the instrument; zero if PAY takes none

	comesBack bool // the protocol has a REFUND on both sides
}

// on are the instruments of the operation that pays.
func (b Bill) on() []instrument.ID {
	if b.With.ID == "" {
		return nil
	}
	return []instrument.ID{b.With.ID}
}

// costsAtMost refuses a price above the one that the person has agreed to.
func (b Bill) costsAtMost(agreed instrument.Amount) error {
	if c, err := b.Terms.Price.Cmp(agreed); err != nil || c > 0 {
		return fault.New(fault.Denied, "the vendor asks for %s now, not %s", b.Terms.Price, agreed).Because("price-differs")
	}
	return nil
}

// Paid is a payment that was made.
type Paid struct {
	Operation  instrument.OperationID `json:"operation"`
	Peer       string                 `json:"peer"`
	Class      instrument.ClassID     `json:"class"`
	Protocol   string                 `json:"protocol,omitempty"`
	Price      instrument.Amount      `json:"amount,omitzero"`
	Instrument instrument.ID          `json:"instrument,omitempty"`
	Result     json.RawMessage        `json:"result,omitempty"`
}

// Pay goes through all steps of a session (paper §5.1 to §5.6) for one payment:
// classes and terms, protocol, operation, instrument, PAY. If the operation has ended
// before, it returns how that ended and asks nobody. Without an amount, and where nothing is
// named that is bought, it pays a withdrawal of this wallet for which the vendor waits, if
// there is one, and pays it once. Otherwise no vendor hears of a withdrawal.
func (w *Wallet) Pay(ctx context.Context, p Payment, agree func(context.Context, Bill) (bool, error)) (Paid, error) {
	if before, known, err := w.paidWherever(ctx, p); known || err != nil {
		return before, err
	}
	var unpaid error
	if p.Amount == (instrument.Amount{}) && len(p.Invoice) == 0 && (p.Class == "" || p.Class == ClassCard) {
		paid, passed, err := w.payWithdrawal(ctx, p, agree)
		if err != nil {
			return Paid{}, err
		}
		if paid != nil {
			return *paid, nil
		}
		unpaid = passed
	}
	s, err := w.InitiateSession(ctx, p.Peer, controller.Login{})
	if err != nil {
		return Paid{}, err
	}
	defer func() { _ = s.Close(ctx) }()
	bill, err := w.negotiate(ctx, s, p)
	if unpaid != nil && takesNothing(err) { // the vendor may have waited for that one
		err = unpaid
	}
	if err != nil {
		return Paid{}, err
	}
	yes, err := agree(ctx, bill)
	if err != nil {
		return Paid{}, err
	}
	if !yes {
		return Paid{}, notAgreed()
	}
	result, err := s.Execute(ctx, controller.Transaction{
		ID: p.Operation, Principal: w.user, Operation: protocol.Pay, Class: bill.Class, Instruments: bill.on(),
	}, nil)
	if err != nil && (fault.ReasonOf(err) == protocol.ReasonKeyReused || errors.Is(err, fault.Locked)) { // another process may have begun it since we looked
		if meanwhile, known, why := w.paidWherever(ctx, p); known {
			return meanwhile, why
		}
	}
	return Paid{
		Operation: instrument.OperationID(protocol.Short(p.Operation)), Peer: bill.Peer.Name, Class: bill.Class, Protocol: bill.Protocol,
		Price: bill.Terms.Price, Instrument: bill.With.ID, Result: result.Value,
	}, w.Ended(ctx, p.Operation, err)
}

func notAgreed() error {
	return fault.New(fault.Declined, "you did not agree: nothing was paid").Because("not-agreed")
}

// takesNothing reports whether a vendor has named nothing that this wallet could pay.
func takesNothing(refusal error) bool {
	switch fault.ReasonOf(refusal) {
	case "no-common-class", "class-not-offered", "instrument-missing", taler.ReasonUnknownOperation:
		return true
	}
	return false
}

// payWithdrawal pays a withdrawal that this wallet has selected and the vendor waits for; nil if
// there is none. One whose bank does not answer or is not asked, or that was paid before, is passed
// over: passed says so of the first.
func (w *Wallet) payWithdrawal(ctx context.Context, p Payment, agree func(context.Context, Bill) (bool, error)) (paid *Paid, passed, err error) {
	found, err := w.Instruments().List(ctx, instrument.Filter{Class: ClassReserve, Owner: w.user.ID, Status: taler.ReserveSelected})
	if err != nil {
		return nil, nil, err
	}
	for _, i := range found {
		var status *taler.BankWithdrawalOperationStatus
		run, reserve, err := w.selected(i, p)
		if err == nil {
			run.agrees = agree
			status, err = run.toBePaid(ctx, reserve)
		}
		if err != nil && passed == nil {
			passed = err
		}
		if err != nil || status == nil {
			continue
		}
		s, offer, err := run.meet(ctx, reserve, *status)
		if takesNothing(err) || fault.ReasonOf(err) == reasonOfferDiffers { // the vendor does not wait for this one
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		paid, err := run.payUnder(ctx, s, offer, reserve, p.Operation)
		return paid, nil, err
	}
	return nil, passed, nil
}

// selected is the run that pays for a withdrawal which was selected before.
func (w *Wallet) selected(i instrument.Instance, p Payment) (*withdrawal, taler.Reserve, error) {
	var reserve taler.Reserve
	if err := i.Decode(&reserve); err != nil {
		return nil, reserve, err
	}
	uri, err := taler.NewWithdrawURI(reserve.BankURL, reserve.WOPID)
	if err != nil {
		return nil, reserve, err
	}
	run, err := w.newRun(Withdrawal{URI: uri, Pay: &p.Peer, Card: p.Instrument}, nil)
	if err != nil {
		return nil, reserve, err
	}
	run.id = i.ID
	return run, reserve, nil
}

// negotiate fixes class, protocol and instrument (§5.2 to §5.5).
func (w *Wallet) negotiate(ctx context.Context, s *controller.Session, p Payment) (Bill, error) {
	bill, err := w.bill(ctx, s, p)
	if err == nil && bill.Terms.Price == (instrument.Amount{}) && s.Peer().Role == comm.Bank { // it has the class for something else
		err = fault.New(fault.Unsupported, "there is no price for %s", bill.Class).Because("class-not-offered")
	}
	return bill, noVendor(s.Peer(), err)
}

func (w *Wallet) bill(ctx context.Context, s *controller.Session, p Payment) (Bill, error) {
	offers, err := s.InstrumentClasses(ctx, p.invoice())
	if err != nil {
		return Bill{}, err
	}
	chosen, err := w.choose(ctx, offers, p, s.Peer().Key)
	if err != nil {
		return Bill{}, err
	}
	bill := Bill{Peer: s.Peer(), Class: chosen.offer.Class, Terms: chosen.offer.Body.Terms}
	pay, err := bill.fixProtocol(ctx, s)
	if err != nil {
		return Bill{}, err
	}
	bill.With, err = w.payingWith(ctx, p, chosen, pay)
	return bill, err
}

// invoice is what the vendor is asked for.
func (p Payment) invoice() instrument.Invoice {
	inv := instrument.Invoice{}
	maps.Copy(inv, p.Invoice)
	if p.Amount != (instrument.Amount{}) {
		inv[controller.InvoiceAmount] = p.Amount.String()
	}
	return inv
}

// fixProtocol agrees with the vendor on the protocol for the class of the bill (§5.3), and
// returns its PAY (§5.4).
func (b *Bill) fixProtocol(ctx context.Context, s *controller.Session) (pay protocol.Operation, err error) {
	if _, err := s.NegotiateProtocol(ctx, b.Class); err != nil {
		return pay, err
	}
	if b.Protocol, err = s.SelectProtocol(ctx, b.Class, nil); err != nil {
		return pay, err
	}
	ops, err := s.AvailableOperations(ctx, b.Class)
	if err != nil {
		return pay, err
	}
	at := operationAt(ops, protocol.Pay)
	if at < 0 {
		return pay, fault.New(fault.Unsupported, "%s cannot pay with %s", b.Protocol, b.Class).Because("operation-unknown")
	}
	b.comesBack = operationAt(ops, protocol.Refund) >= 0
	return ops[at], nil
}

// operationAt is where an operation is in a list; -1 if it is not.
func operationAt(ops []protocol.Operation, name string) int {
	return slices.IndexFunc(ops, func(o protocol.Operation) bool { return o.Name == name })
}
