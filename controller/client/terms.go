package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// reasonTermsChanged marks terms that changed while they were read.
const reasonTermsChanged fault.Reason = "terms-changed"

// Terms reads an exchange's terms of service as they are now, piece by piece.
func (w *Wallet) Terms(ctx context.Context, e Exchange) (taler.TermsResult, error) {
	var all taler.TermsResult
	for {
		var part taler.TermsResult
		if err := w.document(ctx, exchange(taler.OperationTerms, taler.TermsArgs{From: all.Next, Languages: w.Languages}, e.ID), &part); err != nil {
			return all, err
		}
		if all.Next > 0 && (part.Version != all.Version || part.Type != all.Type || part.Language != all.Language || part.Next > 0 && part.Next <= all.Next) {
			return all, fault.New(fault.Conflict, "the exchange changed its terms while they were read").
				Because(reasonTermsChanged).WithHint("read them again")
		}
		part.Text = all.Text + part.Text
		if all = part; all.Next == 0 {
			return all, nil
		}
	}
}

// document runs an operation that reads what an exchange publishes. It tries a few times
// if the failure may pass: the exchange says so, its answer was cut off, or a document
// that was there before is not found. Who was waited for in vain is not asked again.
func (w *Wallet) document(ctx context.Context, t controller.Transaction, into any) error {
	pause := firstPause
	for range retries {
		began := w.Now()
		err := w.do(ctx, t, into)
		switch {
		case err == nil:
			return nil
		case w.Now().Sub(began) > waitedFor:
			return err
		case fault.ReasonOf(err) == taler.ReasonExchangeFailed, fault.ReasonOf(err) == "answer-missing":
		case !errors.Is(err, fault.NotFound) || !w.hasShownKeys(ctx, t.Instruments[0]):
			return err
		}
		if sleep(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
	return w.do(ctx, t, into)
}

// AcceptTerms records that the person accepted a version.
func (w *Wallet) AcceptTerms(ctx context.Context, e Exchange, version string) error {
	return w.do(ctx, exchange(taler.OperationAccept, taler.AcceptArgs{Version: version, At: w.Now().Unix()}, e.ID), nil)
}

// consent asks the person again if the exchange has changed its terms since they accepted
// them. It does so before the first coin is asked for, as long as the money can still go
// back; once a request has left there is no choice any more.
func (r *withdrawal) consent(ctx context.Context, balance instrument.Amount) error {
	_, reserve, err := r.w.reserve(ctx, r.id)
	if err != nil || reserve.Batch != nil || reserve.NextCoin > 0 {
		return err
	}
	i, err := r.w.Instruments().View(ctx, reserve.Exchange)
	if err != nil {
		return err
	}
	e, err := exchangeOf(i)
	if err != nil {
		return err
	}
	terms, err := r.termsNow(ctx, e)
	if err != nil || terms.Version == "" || terms.Version == e.Terms.AcceptedVersion {
		return err
	}
	arrived := reserve.Amount
	if arrived.IsZero() {
		arrived = balance
	}
	yes, err := r.person.Agree(ctx, Preview{Bank: reserve.BankURL, Exchange: e.URL, Amount: arrived, Terms: &terms, Arrived: true})
	switch {
	case err != nil:
		return err
	case !yes:
		return fault.New(fault.Declined, "you did not accept the new terms of %s; %s is there, and goes back when the reserve is closed", e.URL, arrived).
			Because("terms-not-accepted").WithHint("if you change your mind before: `wallet operation resume` asks again")
	}
	return r.w.AcceptTerms(ctx, e, terms.Version)
}

// termsNow reads the terms, and tries again until it has them.
func (r *withdrawal) termsNow(ctx context.Context, e Exchange) (taler.TermsResult, error) {
	for pause := firstPause; ; pause = min(2*pause, r.w.longest()) {
		terms, err := r.w.Terms(ctx, e)
		if err == nil || !passing(err) && fault.ReasonOf(err) != reasonTermsChanged {
			return terms, err
		}
		r.tellWaiting("the exchange does not show its terms: " + fault.From(err).Message)
		if err := sleep(ctx, pause); err != nil {
			return terms, err
		}
	}
}
