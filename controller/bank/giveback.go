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

// ClassReturn is money without a withdrawal: one instance for each payment of
// which something is given back. No exchange has had it and none hears of it.
const ClassReturn = taler.ClassReturn

// owe writes that what a verdict says is to be given back of a payment, in the
// commit of whoever decides. What is owed of a payment already is owed once.
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

// resumeReturns takes up what earlier lives have not given back.
func (b *Bank) resumeReturns(ctx context.Context) error {
	f := instrument.Filter{Class: ClassReturn, Status: string(taler.TransferPending)}
	return scan(ctx, b, f, func(i instrument.Instance, _ taler.Return) (bool, error) {
		b.giveBack(i.ID)
		return true, nil
	}, b.passes)
}

// giveBack has the provider asked to give money back until it has said whether it
// does.
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
			if r.State.Final() {
				return false, nil
			}
			r.State, r.Message, r.Refund, r.Proof, r.Ended = report.State, report.Message, report.Refund, report.Proof, b.Now().Unix()
			i.Status = string(r.State)
			return true, nil
		})
	})
}

// noteRefused writes since when a provider refuses a return, and why.
func (b *Bank) noteRefused(id instrument.ID, why string) error {
	return b.Instruments().Update(b.life, func(tx *instrument.Draft) error {
		return amend(tx, id, func(_ *instrument.Instance, r *taler.Return) (bool, error) {
			if r.State.Final() || r.Refused != 0 {
				return false, nil
			}
			r.Refused, r.Message = b.Now().Unix(), why
			return true, nil
		})
	})
}

// wrote is how an attempt ends whose outcome had to be written.
func (b *Bank) wrote(err error) (bool, error) { return err == nil, err }

// Returns lists what was or will be given back without an exchange's asking, the
// oldest first.
func (b *Bank) Returns(ctx context.Context) ([]taler.Return, error) {
	return listed[taler.Return](ctx, b, ClassReturn)
}

// ReturnsOf are those of one withdrawal.
func (b *Bank) ReturnsOf(ctx context.Context, id taler.WOPID) ([]taler.Return, error) {
	all, err := b.Returns(ctx)
	return slices.DeleteFunc(all, func(r taler.Return) bool { return r.WOPID != id }), err
}

// TransfersOf are what an exchange has wired back of one withdrawal, the oldest
// first.
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

// carryOut has the provider asked for the refund of a transfer until it has said
// whether it does, and tells the exchange each time.
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

// answered refuses an answer that is about another refund, whoever gives it.
func (r refund) answered(got protocol.Repaid) (protocol.Repaid, error) {
	if got.Amount != r.amount || got.ExternalID != r.name {
		return protocol.Repaid{}, fault.New(fault.Unavailable, "the provider answered for another refund").Because("answer-malformed")
	}
	return got, nil
}

// refusals make a refund fail for good when they are enough, and last for long: many
// providers give nothing back of a payment before it is settled, which takes them minutes, hours
// or a weekend.
type refusals struct {
	times int           // in this life: one alone proves nothing, whatever the clock says
	since int64         // when the first one was, in unix seconds; 0: there was none
	long  time.Duration // Asking.Refusing
}

const enough = 5

// forGood counts one more refusal and says whether no other answer is to be expected.
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
