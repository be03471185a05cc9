package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// pay pays the terminal over a session, if the person wants that [4]. What it
// pays is what the terminal signed: this withdrawal, this wallet's reserve, and
// no more than amount and card fees as the bank shows them.
func (r *withdrawal) pay(ctx context.Context, reserve taler.Reserve) error {
	if r.want.Pay == nil || r.paid {
		return nil
	}
	status, err := r.bank.Operation(ctx, reserve.WOPID, taler.LongPoll{})
	if err != nil {
		return err
	}
	if status.Status != taler.StateSelected {
		return nil // decided already
	}
	if status.SelectedReservePub != reserve.ReservePub {
		return fault.New(fault.Conflict, "another wallet has this withdrawal: nothing was paid").Because("wallet-differs")
	}
	card, err := r.w.card(ctx, r.want.Card)
	if err != nil {
		return err
	}
	s, err := r.w.InitiateSession(ctx, *r.want.Pay, controller.Login{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()
	offered, err := s.Negotiate(ctx, ClassCard, instrument.Invoice{"reference": reserve.WOPID.Text()})
	if err != nil {
		return err
	}
	if err := r.fits(offered.Body, status, reserve); err != nil {
		return err
	}
	_, err = s.Execute(ctx, controller.Transaction{
		Principal: r.w.user, Operation: protocol.Pay, Class: ClassCard, Instruments: []instrument.ID{card},
	}, r.prove)
	switch {
	case errors.Is(err, fault.Unknown):
		r.person.Show(Event{Event: "unknown", Reason: fault.From(err).Message}) // the bank will say
	case errors.Is(err, fault.Declined):
		r.person.Show(Event{Event: "declined", Reason: fault.From(err).Message}) // and the terminal aborts
	case err != nil:
		return err
	default:
		r.person.Show(Event{Event: "paid", Amount: &offered.Body.Terms.Price})
	}
	r.paid = true
	return nil
}

// fits refuses an offer that is not for what the person agreed to.
func (r *withdrawal) fits(o instrument.OfferBody, status taler.BankWithdrawalOperationStatus, reserve taler.Reserve) error {
	if o.Invoice["reference"] != reserve.WOPID.Text() {
		return fault.New(fault.Denied, "the terminal's offer is for something else").Because("offer-differs")
	}
	if o.Invoice["reserve"] != taler.KeyGroups(reserve.ReservePub) {
		return fault.New(fault.Denied, "the terminal was selected by another wallet: nothing was paid").Because("wallet-differs")
	}
	total := reserve.Amount
	if status.CardFees != (instrument.Amount{}) {
		var err error
		if total, err = total.Add(status.CardFees); err != nil {
			return err
		}
	}
	if c, err := o.Terms.Price.Cmp(total); err != nil || c > 0 {
		return fault.New(fault.Denied, "the terminal asks for %s, the bank shows %s: nothing was paid", o.Terms.Price, total).Because("price-differs")
	}
	return nil
}

// prove signs the payment with the reserve key, too: the terminal takes it only
// from the wallet that selected.
func (r *withdrawal) prove(ctx context.Context, text []byte) (map[string][]byte, error) {
	var out taler.ProveResult
	err := r.w.do(ctx, coins("PROVE", taler.ProveArgs{Message: text}, r.id), &out)
	return map[string][]byte{"reserve": out.Signature}, err
}

// card finds the card to pay with.
func (w *Wallet) card(ctx context.Context, id instrument.ID) (instrument.ID, error) {
	if id != "" {
		return id, nil
	}
	all, err := w.Instruments().List(ctx, instrument.Filter{Class: ClassCard, Owner: w.user.ID, Status: "active"})
	if err != nil {
		return "", err
	}
	switch len(all) {
	case 0:
		return "", fault.New(fault.NotFound, "this wallet has no card").Because("card-missing").WithHint("add one with `wallet instrument add payment-card --file FILE`")
	case 1:
		return all[0].ID, nil
	}
	return "", fault.New(fault.Invalid, "this wallet has %d cards", len(all)).Because("input-needed").WithHint("say which: --instrument ID")
}
