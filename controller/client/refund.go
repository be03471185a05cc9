package client

import (
	"context"
	"fmt"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Refund is a payment that came back.
type Refund struct {
	Operation instrument.OperationID `json:"operation"` // that gave it back
	Payment   instrument.OperationID `json:"payment"`   // that paid
	Class     instrument.ClassID     `json:"class"`
	Amount    instrument.Amount      `json:"amount"`
}

// RefundOperation gets back what one operation of this wallet has paid, if the
// vendor lets it. Asking again is the same refund, unless it has failed before.
func (w *Wallet) RefundOperation(ctx context.Context, paid instrument.OperationID) (Refund, error) {
	found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(paid), Side: protocol.Initiator, Limit: 1})
	if err != nil {
		return Refund{}, err
	}
	if len(found) == 0 || found[0].Operation != protocol.Pay || found[0].Result == nil || len(found[0].Instruments) == 0 {
		return Refund{}, fault.New(fault.NotFound, "operation %s has paid nothing", protocol.Short(paid)).Because("payment-unknown")
	}
	r := found[0]
	id, before, err := w.refundID(ctx, paid)
	if err != nil {
		return Refund{}, err
	}
	if before != nil { // whoever of this wallet has asked for it
		return came(r, paid, id, *before)
	}
	if r.Peer == "" {
		return Refund{}, fault.New(fault.NotFound, "this was paid over a line in clear, where nobody has a key").Because("peer-unknown").
			WithHint("ask for it in a session over that line: classes refund=%[1]s, then execute %[2]s %[3]s payment=%[1]s", protocol.Short(r.ID), r.Class, protocol.Refund)
	}
	peer, known, err := w.byKey(ctx, r.Peer)
	if err != nil {
		return Refund{}, err
	}
	if !known {
		return Refund{}, fault.New(fault.NotFound, "the vendor that was paid is no known peer").Because("peer-unknown").WithHint("`wallet peer add` makes it one")
	}
	return w.refund(ctx, peer, r, id, paid)
}

// refundID is the operation of the last refund of a payment, or of the next one if that has failed;
// before is its result if it has ended.
func (w *Wallet) refundID(ctx context.Context, paid instrument.OperationID) (id instrument.OperationID, before *protocol.Result, err error) {
	for n := 1; ; n++ {
		id, err := w.Controller.OperationID(fmt.Sprintf("refund %s %d", paid, n))
		if err != nil {
			return "", nil, err
		}
		found, err := w.Protocols().Records(ctx, protocol.Filter{Prefix: string(id), Limit: 1})
		switch {
		case err != nil || len(found) == 0:
			return id, nil, err
		case found[0].Fault != nil:
			continue
		case found[0].Result == nil && found[0].Principal != w.user.ID: // of a group
			return "", nil, fault.New(fault.Unknown, "another user of this wallet has asked for this already, and has no answer yet").Because(protocol.ReasonPending).
				WithHint("ask again; if they were interrupted, it goes on when they use this wallet")
		default:
			return id, found[0].Result, nil
		}
	}
}

func (w *Wallet) refund(ctx context.Context, peer comm.Peer, r protocol.Record, id, paid instrument.OperationID) (Refund, error) {
	if _, err := w.Instruments().Class(r.Class); err != nil { // its plugin was removed since, or is left out
		return Refund{}, err
	}
	s, err := w.InitiateSession(ctx, peer, controller.Login{})
	if err != nil {
		return Refund{}, err
	}
	defer func() { _ = s.Close(ctx) }()
	if err := selectRefund(ctx, s, r.Class, r.Protocol, paid); err != nil {
		return Refund{}, err
	}
	got, err := s.Execute(ctx, refundOf(w, id, r.Class, r.Instruments[0], paid), nil)
	if err != nil {
		return Refund{}, err
	}
	return came(r, paid, id, got)
}

// came is what an operation has given back of what r has paid.
func came(r protocol.Record, paid, id instrument.OperationID, got protocol.Result) (Refund, error) {
	err := noMoreThan(r.Result.Amount, got.Amount)
	if err != nil {
		got.Amount = instrument.Amount{}
	}
	return Refund{instrument.OperationID(protocol.Short(id)), instrument.OperationID(protocol.Short(paid)), r.Class, got.Amount}, err
}

// selectRefund goes through the steps up to REFUND, for what an operation has paid:
// by the protocol that has paid it, if the class does not object, for another one may
// not know of it.
func selectRefund(ctx context.Context, s *controller.Session, class instrument.ClassID, by string, paid instrument.OperationID) error {
	if _, err := s.InstrumentClasses(ctx, instrument.Invoice{controller.InvoiceRefund: string(paid)}); err != nil {
		return err
	}
	if _, err := s.NegotiateProtocol(ctx, class); err != nil {
		return err
	}
	if _, err := s.SelectProtocol(ctx, class, []string{by}); err != nil {
		return err
	}
	ops, err := s.AvailableOperations(ctx, class)
	if err != nil {
		return err
	}
	if operationAt(ops, protocol.Refund) < 0 {
		return fault.New(fault.Unsupported, "what was paid with a %s cannot be given back to it", class).Because("operation-unknown").WithHint("ask the vendor")
	}
	return nil
}

func refundOf(w *Wallet, id instrument.OperationID, class instrument.ClassID, on instrument.ID, paid instrument.OperationID) controller.Transaction {
	return controller.Transaction{
		ID: id, Principal: w.user, Operation: protocol.Refund, Class: class, Instruments: []instrument.ID{on}, Args: map[string]any{"payment": paid},
	}
}

// noMoreThan refuses to say that more came back than was paid, or other money: it is the
// vendor's word, and nobody has seen it. What says no amount is none.
func noMoreThan(paid, back instrument.Amount) error {
	if back == (instrument.Amount{}) {
		return nil
	}
	if c, err := back.Cmp(paid); err == nil && c <= 0 {
		return nil
	}
	return fault.New(fault.Unknown, "the vendor says that %s of %s came back", back, paid).Because("refund-differs").WithHint("ask the vendor")
}
