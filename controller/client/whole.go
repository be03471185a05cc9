package client

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Whole is a payment of several instruments as its owner sees it.
type Whole struct {
	Operation instrument.OperationID `json:"operation"` // shortened, as those of its parts
	Status    string                 `json:"status"`
	Peer      string                 `json:"peer"`
	Total     instrument.Amount      `json:"amount"`
	Parts     []WholePart            `json:"parts"`
	Begun     time.Time              `json:"begun"`
	Reason    string                 `json:"reason,omitempty"`
}

// WholePart is one part of a Whole.
type WholePart struct {
	Operation  instrument.OperationID `json:"operation,omitempty"`
	State      string                 `json:"state"`
	Class      instrument.ClassID     `json:"class"`
	Protocol   string                 `json:"protocol,omitempty"`
	Instrument instrument.ID          `json:"instrument"`
	Amount     instrument.Amount      `json:"amount"`
	Refund     instrument.OperationID `json:"refund,omitempty"`
	Reason     string                 `json:"reason,omitempty"`
}

func wholeOf(i instrument.Instance) (Whole, error) {
	var p parent
	if err := i.Decode(&p); err != nil {
		return Whole{}, err
	}
	short := func(op instrument.OperationID) instrument.OperationID {
		return instrument.OperationID(protocol.Short(op))
	}
	w := Whole{Operation: short(p.Operation), Status: i.Status, Peer: p.Peer.Name, Total: p.Total, Begun: p.Begun, Reason: p.Reason}
	for _, q := range p.Parts {
		if q.State == PartWaiting && q.Reason == "" && i.Status != PaymentOpen {
			q.State = PartUnpaid
		}
		w.Parts = append(w.Parts, WholePart{short(q.Operation), q.State, q.Class, q.Protocol, q.Instrument, q.Amount, short(q.Refund), q.Reason})
	}
	return w, nil
}

// Payments lists the payments of several instruments of this wallet, oldest first.
func (w *Wallet) Payments(ctx context.Context) ([]Whole, error) {
	found, err := w.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: w.user.ID})
	if err != nil {
		return nil, err
	}
	out := make([]Whole, len(found))
	for n, i := range found {
		if out[n], err = wholeOf(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}
