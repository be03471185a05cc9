package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// makeKnown makes the reserve known to whoever will fill it: the bank, or the person.
func (r *withdrawal) makeKnown(ctx context.Context, reserve taler.Reserve) error {
	if reserve.BankURL == "" {
		return r.byTransfer(ctx, reserve)
	}
	if err := r.register(ctx, reserve); err != nil {
		return err
	}
	r.person.Show(Event{Event: "selected", Reserve: reserve.ReservePub.String(), Groups: taler.KeyGroups(reserve.ReservePub)})
	return nil
}

// register has the bank bind our reserve to the withdrawal [2].
func (r *withdrawal) register(ctx context.Context, reserve taler.Reserve) error {
	var status taler.BankWithdrawalOperationStatus
	err := r.askPatiently(ctx, func() (err error) {
		status, err = r.bank.Operation(ctx, reserve.WOPID, taler.LongPoll{})
		return err
	})
	if err != nil {
		return err
	}
	var s *controller.Session
	err = r.askPatiently(ctx, func() (err error) {
		s, err = r.w.InitiateSession(ctx, comm.Peer{Role: comm.Bank, Addresses: []string{"taler+" + r.want.URI.BaseURL()}}, controller.Login{})
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()
	if _, err := s.Negotiate(ctx, ClassWithdrawal, instrument.Invoice{}); err != nil {
		return err
	}
	args := taler.SelectArgs{WOPID: reserve.WOPID, ReservePub: reserve.ReservePub, SelectedExchange: reserve.Account}
	if status.Amount == (instrument.Amount{}) && !status.NoAmountToWallet {
		args.Amount = reserve.Amount
	}
	stop := r.tellIfSlow("the bank has not said yet whether the withdrawal is yours; it is asked again")
	_, err = s.Execute(ctx, controller.Transaction{
		Principal: r.w.user, Operation: taler.OperationSelect, Class: ClassWithdrawal, Instruments: []instrument.ID{r.id}, Args: args, Amount: reserve.Amount,
	}, nil)
	stop()
	if errors.Is(err, fault.Conflict) {
		if gone := r.abandon(ctx, fault.From(err).Message); gone != nil {
			return gone
		}
		hint := newCode + ", and pay nothing for this one" // it would not come to our reserve
		if r.paid != "" {
			hint = r.paid + "; ask at the terminal to have back what was charged"
		}
		return ended{fault.From(err).WithHint("%s", hint)}
	}
	return err
}

func (r *withdrawal) abandon(ctx context.Context, reason string) error {
	return r.w.do(ctx, coins(taler.OperationAbandon, taler.AbandonArgs{Reason: reason}, r.id), nil)
}
