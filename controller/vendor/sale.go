package vendor

import (
	"context"
	"errors"
	"maps"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// sale is a withdrawal that waits for a native peer to pay it.
type sale struct {
	w      Withdrawal
	reader bool       // a card at our own reader pays it, and nobody else
	done   chan error // how the payment ended; nil: paid
	taken  bool       // a payment is under way; under the terminal's mu
}

// sell waits until the wallet that selected has paid over a session, the
// withdrawal was aborted at the bank, or ctx ends.
func (t *Terminal) sell(ctx context.Context, w *Withdrawal, s Screen) (string, error) {
	return t.wait(ctx, w, false, func() {
		s.Show(Event{Event: EventPay, Peer: t.reached(), Total: &w.Total, Reserve: w.ReservePub.String()})
	})
}

// wait has a withdrawal paid by a peer; open is called when one may.
func (t *Terminal) wait(ctx context.Context, w *Withdrawal, reader bool, open func()) (string, error) {
	waits := &sale{w: *w, reader: reader, done: make(chan error, 1)}
	t.mu.Lock()
	t.selling[w.Reference()] = waits
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.selling, w.Reference())
		t.mu.Unlock()
	}()
	open()
	followed, stop := context.WithCancel(ctx)
	defer stop()
	go t.follow(followed, waits)
	select {
	case err := <-waits.done:
		if err != nil {
			return "", err
		}
		return t.paidBefore(ctx, w)
	case <-ctx.Done():
		return "", fault.Wrap(ctx.Err(), fault.Unknown, "nobody has paid yet").Because(protocol.ReasonPending).
			WithHint("go on with `terminal resume %s`", w.Short())
	}
}

// follow ends a sale that was aborted at the bank while it waited. A payment
// that is under way has its own end, and the bank's answer to its notice says
// what becomes of the money.
func (t *Terminal) follow(ctx context.Context, s *sale) {
	status, err := t.await(ctx, &s.w, taler.StateSelected)
	if err != nil || status.Status != taler.StateAborted {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.taken {
		return
	}
	delete(t.selling, s.w.Reference())
	s.done <- abortedUnpaid()
}

// goesOn says that a payment of the sale goes on to the provider, unless it was
// aborted meanwhile.
func (t *Terminal) goesOn(s *sale) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.selling[s.w.Reference()] != s {
		return notForSale()
	}
	s.taken = true
	return nil
}

func (t *Terminal) isTaken(s *sale) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return s.taken
}

func abortedUnpaid() error {
	return fault.New(fault.Declined, "the withdrawal was aborted at the bank before it was paid").Because(reasonAborted)
}

func notForSale() error {
	return fault.New(fault.NotFound, "no withdrawal of that WOPID waits for a payment here").Because(taler.ReasonUnknownOperation)
}

func (t *Terminal) sale(reference string) (*sale, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.selling[reference]
	if s == nil {
		return nil, notForSale()
	}
	return s, nil
}

// Listen opens a door for wallets at an address; port 0 takes a free one. The
// event EventPay names the last door that was opened.
func (t *Terminal) Listen(ctx context.Context, m *comm.Manager, a comm.Address) (comm.Listener, error) {
	l, err := m.Listen(ctx, a, t.Accept(t.Servicing()))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.door = l.Address().String()
	return l, nil
}

// reached is where wallets reach this terminal; without a door, its key.
func (t *Terminal) reached() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.door == "" {
		return t.Self().Key
	}
	return t.door
}

// Servicing lets wallets pay over sessions.
func (t *Terminal) Servicing() controller.Servicing { return servicing{t} }

type servicing struct{ t *Terminal }

// Admit lets any wallet in. Who it is counts for customers whom the vendor knows;
// others are anonymous.
func (s servicing) Admit(ctx context.Context, peer comm.Peer, hello comm.Initiate) (profile.Principal, error) {
	if hello.Role != comm.Client {
		return profile.Principal{}, fault.New(fault.Denied, "a terminal has no sessions with a %s", hello.Role).Because("role-refused")
	}
	known, err := s.t.Profiles().Principal(ctx, customerID(peer.Key))
	switch {
	case errors.Is(err, fault.NotFound): // what is theirs here stays theirs when they become known
		return profile.Principal{ID: customerID(peer.Key), Kind: profile.Person, Name: "a customer"}, nil
	case err != nil:
		return profile.Principal{}, err
	}
	return known, nil
}

// Offers are the terms for a withdrawal that waits to be paid: its total, by
// card. The offer shows the groups of the wallet that selected. An account is
// paid into by card, and so is a part of a payment, and a purchase that has an amount. Other classes are offered by whoever installed them, for
// what the invoice says.
func (s servicing) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	switch {
	case inv[controller.InvoiceRefund] != "":
		return s.t.refundTerms(ctx, who, inv, class)
	case inv[controller.InvoicePayment] != "":
		return s.partTerms(ctx, who, inv, class)
	case inv["account"] != "":
		return s.t.topUpTerms(ctx, who, inv, class)
	}
	if inv["reference"] != "" && class == ClassCard {
		sale, err := s.t.sale(inv["reference"])
		if err != nil {
			return instrument.Terms{}, nil, err
		}
		terms, inv := s.t.saleTerms(sale)
		return terms, inv, nil
	}
	if inv["reference"] == "" && class == ClassCard {
		return s.purchaseTerms(ctx, inv)
	}
	if inv["reference"] == "" && !ours(class) {
		return s.price(ctx, inv)
	}
	return instrument.Terms{}, nil, notTaken(class)
}

func (t *Terminal) saleTerms(s *sale) (instrument.Terms, instrument.Invoice) {
	return instrument.Terms{Price: s.w.Total, Text: "amount " + s.w.Amount.String() + " and fees " + s.w.Fees.String()},
		instrument.Invoice{"reference": s.w.Reference(), "merchant": t.cfg.Merchant, "reserve": Groups(s.w.ReservePub)}
}

// price is the default: the invoice's amount, for every class, and the age that
// the product asks for. What a wallet says of that itself does not count.
func (s servicing) price(ctx context.Context, inv instrument.Invoice) (instrument.Terms, instrument.Invoice, error) {
	years, err := s.t.ageFor(ctx, inv[InvoiceProduct])
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	inv = maps.Clone(inv)
	delete(inv, profile.InvoiceAge)
	if years != "" {
		inv[profile.InvoiceAge] = years
	}
	if inv["amount"] == "" {
		return instrument.Terms{}, inv, nil
	}
	a, err := instrument.ParseAmount(inv["amount"])
	return instrument.Terms{Price: a}, inv, err
}

func ours(class instrument.ClassID) bool {
	switch class {
	case ClassCard, controller.ClassPayment, ClassProvider, ClassPayment, ClassWithdrawal, ClassExchange, ClassCredit, ClassSpent:
		return true
	}
	return false
}

// Prepare takes a card payment only from the wallet whose reserve was selected,
// for an account or for a purchase, and charges it at this terminal's provider. What was paid
// into an account is there before it is used.
func (s servicing) Prepare(ctx context.Context, who controller.Caller, e comm.Execute, t *controller.Transaction) error {
	if t.Operation == protocol.Refund {
		return s.t.prepareRefund(ctx, who, t)
	}
	if t.Operation == protocol.Pay && t.Invoice[controller.InvoicePayment] != "" {
		return s.t.preparePart(ctx, who, t)
	}
	if t.Class == ClassPrepaid {
		return s.t.creditOwed(ctx)
	}
	if t.Class != ClassCard {
		if ours(t.Class) {
			return fault.New(fault.Denied, "a wallet may not ask a terminal for %s", t.Operation).Because("not-granted")
		}
		return nil
	}
	if t.Operation != protocol.Pay || e.Call.Offer == nil || e.Call.Payer == nil {
		return fault.New(fault.Denied, "a card payment is signed and has an offer").Because("payer-signature")
	}
	offer, err := controller.OfferBody(*e.Call.Offer)
	if err != nil {
		return err
	}
	if _, into := topUp(offer.Invoice["reference"]); into || comesBack(offer.Invoice["reference"]) {
		provider, err := s.t.Provider(ctx)
		t.Instruments, t.Reference = []instrument.ID{provider}, offer.Invoice["reference"]
		return err
	}
	sale, err := s.t.sale(offer.Invoice["reference"])
	if err != nil {
		return err
	}
	text := controller.PayerText(*e.Call.Offer, instrument.OperationID(e.Op), e.Call.Protocol, e.Call.Operation, *e.Call.Payer)
	if sale.reader || !taler.VerifyReserveProof(sale.w.ReservePub, text, e.Call.Payer.Proofs["reserve"]) {
		return fault.New(fault.Denied, "another wallet has selected this withdrawal").Because(reasonWalletDiffers).
			WithHint("pay only what your own wallet has selected")
	}
	provider, err := s.t.Provider(ctx)
	if err != nil {
		return err
	}
	t.Instruments, t.Reference = []instrument.ID{provider}, sale.w.Reference()
	return s.t.goesOn(sale)
}

// Ended tells the sale how its payment ended, or that an account was paid into.
func (s servicing) Ended(t controller.Transaction, err error) {
	if t.Class != ClassCard || errors.Is(err, fault.Conflict) { // a second payment beside the first ends nothing
		return
	}
	if _, into := topUp(t.Reference); into {
		if err == nil {
			s.t.owe(t.Reference)
		}
		return
	}
	if sale, missing := s.t.sale(t.Reference); missing == nil {
		select {
		case sale.done <- err:
		default:
		}
	}
}
