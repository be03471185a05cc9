package bank

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// ClassReturn is the class of money that was paid without a withdrawal: one instance for
// each payment of which something is given back. No exchange was credited for it and none
// hears of it.
const ClassReturn = taler.ClassReturn

// owe writes, in the commit of the verdict, how much of a payment has to be given back. A
// payment that is owed already is not owed twice.
func (b *Bank) owe(tx *instrument.Draft, w taler.Withdrawal, transaction string, v Verdict) (instrument.ID, error) {
	if v.Back == (instrument.Amount{}) {
		return "", nil
	}
	payment := ProviderTx(w.Provider, transaction)
	if _, err := tx.Find(ClassReturn, KeyPayment, payment); !errors.Is(err, fault.NotFound) {
		return "", err
	}
	self, err := b.self(b.life)
	if err != nil {
		return "", err
	}
	r := taler.Return{
		State: taler.TransferPending, WOPID: w.WOPID, Provider: w.Provider, ProviderTransactionID: transaction,
		Amount: v.Back, Reason: v.Reason, Created: b.Now().Unix(),
	}
	i := instrument.Instance{Class: ClassReturn, Owner: self.ID, Status: string(r.State), Keys: map[string]string{KeyPayment: payment}}
	if err := i.Encode(r); err != nil {
		return "", err
	}
	return tx.Create(i)
}

// resumeReturns goes on with returns that earlier lives have not finished.
func (b *Bank) resumeReturns(ctx context.Context) error {
	f := instrument.Filter{Class: ClassReturn, Status: string(taler.TransferPending)}
	return scan(ctx, b, f, func(i instrument.Instance, _ taler.Return) (bool, error) {
		b.giveBack(i.ID)
		return true, nil
	}, b.passes)
}

// giveBack begins to ask the provider to give money back, in the background, until it has
// said whether it does.
func (b *Bank) giveBack(id instrument.ID) {
	refused := refusals{long: b.cfg.Asking.Refusing}
	b.pursue(id, "", func() (bool, error) {
		i, err := b.Instruments().View(b.life, id)
		if err != nil {
			return false, err
		}
		var r taler.Return
		if err := i.Decode(&r); err != nil || r.State.Final() {
			return err == nil, err
		}
		got, err := b.refund(refund{r.Provider, r.ProviderTransactionID, r.Amount, r.ExternalID()})
		refused.since = r.Refused
		report := reportOf(got, err, &refused, b.Now())
		switch {
		case report.State.Final():
			return b.wrote(b.settle(id, report))
		case report.Refused && r.Refused == 0:
			return false, errors.Join(err, b.noteRefused(id, report.Message))
		}
		return false, err
	})
}

// settle writes how a return ended.
func (b *Bank) settle(id instrument.ID, report TransferReport) error {
	return b.Instruments().Update(b.life, func(tx *instrument.Draft) error {
		return amend(tx, id, func(i *instrument.Instance, r *taler.Return) (bool, error) {
			r.State, r.Message, r.Refund, r.Proof, r.Ended = report.State, report.Message, report.Refund, report.Proof, b.Now().Unix()
			i.Status = string(r.State)
			return true, nil
		})
	})
}

// noteRefused notes since when a provider refuses a return, and why.
func (b *Bank) noteRefused(id instrument.ID, why string) error {
	return b.Instruments().Update(b.life, func(tx *instrument.Draft) error {
		return amend(tx, id, func(_ *instrument.Instance, r *taler.Return) (bool, error) {
			r.Refused, r.Message = b.Now().Unix(), why
			return true, nil
		})
	})
}

// wrote is the end of an attempt whose outcome has been written, or not.
func (b *Bank) wrote(err error) (bool, error) { return err == nil, err }

// Returns lists what was or will be given back without an exchange's asking, the
// oldest first.
func (b *Bank) Returns(ctx context.Context) ([]taler.Return, error) {
	return listed[taler.Return](ctx, b, ClassReturn)
}

// ReturnsOf are the returns of one withdrawal.
func (b *Bank) ReturnsOf(ctx context.Context, id taler.WOPID) ([]taler.Return, error) {
	all, err := b.Returns(ctx)
	return slices.DeleteFunc(all, func(r taler.Return) bool { return r.WOPID != id }), err
}

// TransfersOf are an exchange's transfers back to the payment of one withdrawal, the
// oldest first.
func (b *Bank) TransfersOf(ctx context.Context, id taler.WOPID) ([]taler.Transfer, error) {
	all, err := listed[taler.Transfer](ctx, b, ClassTransfer)
	return slices.DeleteFunc(all, func(t taler.Transfer) bool { return t.WOPID != id }), err
}

// listed reads all instances of a class, but for those that cannot be read.
func listed[S any](ctx context.Context, b *Bank, class instrument.ClassID) (out []S, err error) {
	err = scan(ctx, b, instrument.Filter{Class: class}, func(_ instrument.Instance, state S) (bool, error) {
		out = append(out, state)
		return true, nil
	}, b.passes)
	return out, err
}

// refundTransfers carries out what an exchange wires back, as many at a time as a
// provider is asked.
func (b *Bank) refundTransfers(x Exchange) {
	for {
		next, err := b.NextTransfer(b.life, x)
		if b.life.Err() != nil {
			return
		}
		if err != nil {
			b.Log().Error("the next transfer cannot be read", "error", err)
			b.pause(b.cfg.Asking.First)
			continue
		}
		b.carryOut(next)
	}
}

// carryOut begins to ask the provider for the refund of a transfer, in the background,
// until it has said whether it does. After each answer the transfer's state, which the
// exchange can read, is written.
func (b *Bank) carryOut(t OpenTransfer) {
	refused := refusals{since: t.Transfer.Refused, long: b.cfg.Asking.Refusing}
	b.pursue(t.ID, "", func() (bool, error) {
		got, failed := b.refund(refund{t.Transfer.Provider, t.Transfer.ProviderTransactionID, t.Transfer.Request.Amount, t.Transfer.ExternalID()})
		if b.life.Err() != nil {
			return false, failed
		}
		report := reportOf(got, failed, &refused, b.Now())
		if err := b.ReportTransfer(b.life, t.ID, report); err != nil && fault.ReasonOf(err) != "transfer-decided" {
			return false, err
		}
		return report.State.Final(), failed
	})
}

// refund is an order to a provider.
type refund struct {
	provider, transaction string
	amount                instrument.Amount
	name                  string // for the provider: the same name is done once
}

// refund runs card.pay REFUND.
func (b *Bank) refund(r refund) (got protocol.Repaid, err error) {
	at, _, err := b.provider(b.life, r.provider)
	if err != nil {
		return got, err
	}
	args := struct {
		Transaction string            `json:"transaction"`
		Amount      instrument.Amount `json:"amount"`
		ExternalID  string            `json:"external_id"`
	}{r.transaction, r.amount, r.name}
	// Not in the line of those who wait for a confirmation.
	if err := b.card(b.slot(r.provider+" refunds"), at, protocol.Refund, args, &got); err != nil {
		return protocol.Repaid{}, err
	}
	return r.answered(got)
}

// answered refuses an answer that is about another refund.
func (r refund) answered(got protocol.Repaid) (protocol.Repaid, error) {
	if got.Amount != r.amount || got.ExternalID != r.name {
		return protocol.Repaid{}, fault.New(fault.Unavailable, "the provider answered for another refund").Because("answer-malformed")
	}
	return got, nil
}

// refusals decide when a refund has failed for good: after enough refusals over a long time. Many
// providers give nothing back before the payment is settled, which takes them minutes, hours or a
// weekend.
type refusals struct {
	times int           // in this life: one alone proves nothing, whatever the clock says
	since int64         // when the first one was, in unix seconds; 0: there was none
	long  time.Duration // Asking.Refusing
}

const enough = 5

// forGood counts one more refusal and reports whether to give up.
func (r *refusals) forGood(now time.Time) bool {
	r.times++
	if r.since == 0 {
		r.since = now.Unix()
	}
	return r.times >= enough && now.Sub(time.Unix(r.since, 0)) >= r.long
}

// reportOf is what an attempt to refund comes to. A refusal is counted.
func reportOf(got protocol.Repaid, failed error, refused *refusals, now time.Time) TransferReport {
	switch {
	case errors.Is(failed, fault.Declined):
		report := TransferReport{State: taler.TransferTransient, Message: fault.From(failed).Message, Refused: true}
		if refused.forGood(now) {
			report.State = taler.TransferPermanent
		}
		return report
	case failed != nil:
		return TransferReport{State: taler.TransferTransient, Message: fault.From(failed).Message}
	}
	r := TransferReport{State: taler.TransferPending, Refund: got.ID, Proof: got.Raw}
	switch got.State {
	case protocol.FactPaid:
		r.State = taler.TransferSuccess
	case protocol.FactFailed:
		r.State, r.Message = taler.TransferPermanent, "the provider says that the refund failed"
	}
	return r
}
