package bank

import (
	"context"
	"errors"
	"strconv"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// ClassTransfer is the class of what an exchange wires back: one instance for each
// request.
const ClassTransfer = taler.ClassTransfer

// Transfers is the topic of the requests, in their order: the number of an entry
// is the row id that the exchange was told. The entries have no body; the
// instance says where a transfer stands.
const Transfers instrument.Topic = "transfers"

// Transfer stores what an exchange wants wired and answers at once; a worker
// carries it out (NextTransfer). The same request again, in whatever spelling,
// gets the first answer, also when it would be refused by now. The refusals, in
// the order in which they are looked for: ReasonRequestUIDReused,
// ReasonWTIDReused, ReasonAccountIsExchange, ReasonUnknownCreditor,
// ReasonTransferExceeds. They are the end of it for taler-exchange-transfer, so each
// is put on record (Refusals), and the log has a warning of it.
func (b *Bank) Transfer(ctx context.Context, x Exchange, r taler.TransferRequest) (taler.TransferResponse, error) {
	if err := r.Check(b.cfg.Currency); err != nil {
		return taler.TransferResponse{}, err
	}
	b.wiring.Lock() // one at a time, so that each finds the next number free
	defer b.wiring.Unlock()
	for {
		var t taler.Transfer
		err := b.Instruments().Update(ctx, func(tx *instrument.Draft) (err error) {
			t, err = b.transfer(ctx, tx, x, r)
			return err
		})
		switch fault.ReasonOf(err) {
		case "request_uid-taken", "wtid-taken", "row-taken", "part-taken":
			continue // another process was first
		}
		switch {
		case err == nil:
			b.carry(x)
		case errors.Is(err, fault.Conflict): // the exchange takes it for the end, so people have to hear of it
			if unwritten := b.recordRefusal(ctx, x, r, err); unwritten != nil {
				return t.Response(), unwritten // it will be sent again
			}
			b.refused.Add(1)
			b.Log().Warn("a transfer of an exchange is refused, and is never sent again; what it was for did not go back",
				"exchange", x.Name, "amount", r.Amount, "wtid", r.WTID, "reason", fault.ReasonOf(err))
		}
		return t.Response(), err
	}
}

// transfer finds the request's transfer or makes it.
func (b *Bank) transfer(ctx context.Context, tx *instrument.Draft, x Exchange, r taler.TransferRequest) (taler.Transfer, error) {
	before, found, err := transferBy(tx, KeyRequestUID, x.scoped(r.RequestUID.String()))
	switch {
	case err != nil:
		return taler.Transfer{}, err
	case found && before.Request.Same(r):
		return before, nil
	case found:
		return taler.Transfer{}, fault.New(fault.Conflict, "the request_uid was used for another transfer").Because(taler.ReasonRequestUIDReused)
	}
	if _, found, err := transferBy(tx, KeyWTID, x.scoped(r.WTID.String())); err != nil || found {
		if found {
			err = fault.New(fault.Conflict, "the wtid was used for another transfer").Because(taler.ReasonWTIDReused)
		}
		return taler.Transfer{}, err
	}
	w, err := b.creditor(ctx, x, r.CreditAccount)
	if fault.ReasonOf(err) == taler.ReasonUnknownCreditor {
		err = b.unlessExchange(ctx, r.CreditAccount, err)
	}
	if err != nil {
		return taler.Transfer{}, err
	}
	part, err := fits(tx, w, r.Amount)
	if err != nil {
		return taler.Transfer{}, err
	}
	next, err := b.Instruments().Next(ctx, x.Topic(Transfers))
	if err != nil {
		return taler.Transfer{}, err
	}
	t := taler.Transfer{
		State: taler.TransferPending, Exchange: x.Key(), Row: uint64(next), Request: r, Created: b.Now().Unix(),
		WOPID: w.WOPID, Provider: w.Provider, ProviderTransactionID: w.ProviderTransactionID,
	}
	if !x.Default {
		t.Name = x.scoped(r.RequestUID.String())
	}
	return t, b.store(ctx, tx, x, t, part)
}

// store writes a new transfer and its entry in the topic. The claim on the row
// fails if the entry would get another number.
func (b *Bank) store(ctx context.Context, tx *instrument.Draft, x Exchange, t taler.Transfer, part string) error {
	self, err := b.self(ctx)
	if err != nil {
		return err
	}
	i := instrument.Instance{Class: ClassTransfer, Owner: self.ID, Status: string(t.State), Keys: map[string]string{
		KeyRequestUID: x.scoped(t.Request.RequestUID.String()), KeyWTID: x.scoped(t.Request.WTID.String()), "row": x.scoped(rowKey(t.Row)), "part": part,
	}}
	if err := i.Encode(t); err != nil {
		return err
	}
	id, err := tx.Create(i)
	if err != nil {
		return err
	}
	return tx.Append(x.Topic(Transfers), id, struct{}{})
}

func rowKey(row uint64) string { return strconv.FormatUint(row, 10) }

// maxParts bounds the transfers of one payment, failed ones included. Each new transfer reads
// all earlier ones of the payment while other exchanges wait: a payment in a million parts
// would keep everybody from wiring anything back.
const maxParts = 256

// fits refuses more than is left of what a withdrawal has paid to the exchange. Fees are
// not part of that: the exchange has not got them. Transfers that failed for good do not
// count. Two transfers at once claim the same part, and one of them has to look again.
func fits(tx *instrument.Draft, w taler.Withdrawal, wanted taler.Amount) (part string, err error) {
	left := w.Amount
	for n := 1; ; n++ {
		part = w.WOPID.Text() + "/" + strconv.Itoa(n)
		t, found, err := transferBy(tx, "part", part)
		if err != nil {
			return "", err
		}
		if !found {
			break
		}
		if n == maxParts {
			return "", fault.New(fault.Conflict, "this payment was given back in %d parts already, and goes back in no more", maxParts).
				Because(taler.ReasonTransferExceeds)
		}
		if t.State == taler.TransferPermanent {
			continue
		}
		if left, err = left.Sub(t.Request.Amount); err != nil {
			return "", err
		}
	}
	if c, err := wanted.Cmp(left); err != nil || c > 0 || wanted.IsZero() {
		return "", fault.Wrap(err, fault.Conflict, "%s cannot be given back: %s is left of this payment", wanted, left).
			Because(taler.ReasonTransferExceeds)
	}
	return part, nil
}

// transferBy finds a transfer by a unique key.
func transferBy(tx *instrument.Draft, key, value string) (t taler.Transfer, found bool, err error) {
	id, err := tx.Find(ClassTransfer, key, value)
	if errors.Is(err, fault.NotFound) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	i, err := tx.Get(id)
	if err != nil {
		return t, false, err
	}
	err = i.Decode(&t)
	return t, true, err
}
