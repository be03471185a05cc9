package client

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Preview is what the person agrees to before anything is done.
type Preview struct {
	Bank     string               `json:"bank"`
	Exchange string               `json:"exchange"`
	Amount   instrument.Amount    `json:"amount"`
	CardFees instrument.Amount    `json:"card_fees"`
	Coins    int                  `json:"coins"`
	Fees     instrument.Amount    `json:"fees"` // of the exchange
	Kinds    []taler.PreviewCoins `json:"denominations"`
	Rest     instrument.Amount    `json:"remainder"`             // too little for a coin; it goes back
	Identify bool                 `json:"identify,omitempty"`    // the exchange will want to know who the person is
	Terms    *taler.TermsResult   `json:"terms,omitempty"`       // those that were not accepted yet
	Most     instrument.Amount    `json:"max_amount,omitzero"`   // the bank's bound, if the amount comes with the payment (Amount is zero then)
	Arrived  bool                 `json:"arrived,omitempty"`     // the money is there, and only the terms or the fees are new
	Agreed   *instrument.Amount   `json:"agreed_fees,omitempty"` // the fees agreed to before, which Fees exceed; nil: no coins are planned, only the terms are new
}

// chooseExchange finds the exchange. An exchange that the wallet does not know yet must be named
// by the person; the bank's word is not enough.
func (r *withdrawal) chooseExchange(ctx context.Context) error {
	defer r.tellIfSlow(documentsMissing)()
	url := r.status.Exchange()
	if _, err := taler.CheckURL(url, true); url != "" && err != nil { // whether http is good enough is decided where it is asked
		return fault.Wrap(err, fault.Invalid, "what the bank names as its exchange is no address of one").Because(taler.ReasonAddressRefused).
			WithHint("tell the operator of the bank; nothing was withdrawn")
	}
	if r.want.Exchange != "" {
		if url != "" && taler.ExchangeBase(url) != taler.ExchangeBase(r.want.Exchange) && r.status.RequiredExchange != "" {
			return fault.New(fault.Conflict, "the bank pays only to %s, not to %s", url, r.want.Exchange).Because("exchange-differs").
				WithHint("leave --exchange out if that one is right for you; nothing was withdrawn")
		}
		e, err := r.w.chosen(ctx, r.want.Exchange)
		r.exchange = e
		return err
	}
	if url == "" {
		return fault.New(fault.Invalid, "the bank lets you choose the exchange").Because("input-needed").WithHint("name one: --exchange URL")
	}
	e, err := r.w.Exchange(ctx, url)
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.Invalid, "this wallet does not know the exchange %s", url).Because("input-needed").
			WithHint("if you want to use it, name it: --exchange %s", url)
	}
	if err != nil {
		return err
	}
	r.exchange, err = r.w.fresh(ctx, e)
	return err
}

const documentsMissing = "the exchange has not shown its documents yet"

// reasonCurrency marks an amount in a currency that is not dealt in.
const reasonCurrency fault.Reason = "currency-differs"

// amount is how much is withdrawn: what the bank has fixed, or what the person says
// within the bank's bounds, or what the bank suggests. It is zero if the payment will
// say it and no wallet can.
func (r *withdrawal) amount() (instrument.Amount, error) {
	fixed, said := r.status.Amount, r.want.Amount
	open := r.status.NoAmountToWallet && fixed == (instrument.Amount{})
	for _, a := range []instrument.Amount{fixed, said} {
		if a != (instrument.Amount{}) && a.IsZero() {
			return a, fault.New(fault.Invalid, "a withdrawal of %s is nothing", a).
				Because(taler.ReasonAmountOutOfRange).WithHint("choose another amount; where the bank has fixed it, ask for a new QR code")
		}
	}
	switch {
	case open && said == (instrument.Amount{}):
		return instrument.ZeroOf(r.status.Currency), nil
	case said == (instrument.Amount{}) && fixed != (instrument.Amount{}):
		return fixed, nil
	case said == (instrument.Amount{}) && r.status.SuggestedAmount.IsZero():
		return said, fault.New(fault.Invalid, "the bank lets you choose the amount").Because("input-needed").WithHint("say how much: --amount %s:…", r.status.Currency)
	case said == (instrument.Amount{}):
		return r.status.SuggestedAmount, r.within(r.status.SuggestedAmount)
	case r.status.Currency != "" && said.Currency != r.status.Currency:
		return said, fault.New(fault.Invalid, "the bank deals in %s, not in %s", r.status.Currency, said.Currency).
			Because(reasonCurrency).WithHint("say how much in %s, or nothing for what the bank has in mind", r.status.Currency)
	case open:
		return said, fault.New(fault.Invalid, "the amount of this withdrawal comes with its payment and cannot be chosen").
			Because(taler.ReasonAmountDiffers).WithHint("leave the amount out")
	case fixed != (instrument.Amount{}) && said != fixed:
		return said, amountDiffers(fixed)
	}
	return said, r.within(said)
}

func amountDiffers(fixed instrument.Amount) error {
	return fault.New(fault.Invalid, "the amount of this withdrawal is %s and cannot be chosen", fixed).
		Because(taler.ReasonAmountDiffers).WithHint("leave the amount out, or ask for a new QR code")
}

// within refuses an amount outside the bounds within which the bank lets a wallet choose.
func (r *withdrawal) within(said instrument.Amount) error {
	for _, limit := range []struct {
		at    instrument.Amount
		wrong int
		words string
	}{{r.status.MinAmount, -1, "less than the least"}, {r.status.MaxAmount, 1, "more than the most"}} {
		if limit.at == (instrument.Amount{}) {
			continue
		}
		c, err := said.Cmp(limit.at)
		if err != nil {
			return err
		}
		if c == limit.wrong {
			return fault.New(fault.Invalid, "%s is %s that the bank lets you withdraw here, %s", said, limit.words, limit.at).
				Because(taler.ReasonAmountOutOfRange).WithHint("choose another amount")
		}
	}
	return nil
}

// agree shows the person what will happen.
func (r *withdrawal) agree(ctx context.Context) (instrument.Amount, error) {
	amount, err := r.amount()
	if err != nil {
		return amount, err
	}
	if amount.Currency != r.exchange.Currency {
		return amount, fault.New(fault.Invalid, "the exchange %s deals in %s, not in %s", r.exchange.URL, r.exchange.Currency, amount.Currency).
			Because(reasonCurrency).WithHint("name an amount in %s, or another exchange", r.exchange.Currency)
	}
	preview, err := r.preview(ctx, amount)
	if err != nil {
		return amount, err
	}
	stop := r.tellIfSlow(documentsMissing)
	terms, err := r.w.Terms(ctx, r.exchange)
	stop()
	if err != nil {
		return amount, err
	}
	fresh := terms.Version != r.exchange.Terms.AcceptedVersion
	if fresh {
		preview.Terms = &terms
	}
	yes, err := r.person.Agree(ctx, preview)
	if err != nil {
		return amount, err
	}
	if !yes {
		return amount, fault.New(fault.Declined, "you did not agree").Because("not-agreed")
	}
	r.agreed = &taler.Agreed{CardFees: r.status.CardFees}
	if !amount.IsZero() {
		r.agreed.Fees = &preview.Fees
	}
	if fresh && terms.Version != "" {
		err = r.w.AcceptTerms(ctx, r.exchange, terms.Version)
	}
	return amount, err
}

// preview is what an amount becomes and costs, without the terms of the exchange.
func (r *withdrawal) preview(ctx context.Context, amount instrument.Amount) (Preview, error) {
	held, err := r.w.heldAt(ctx, r.exchange.URL, amount.Currency)
	if err != nil {
		return Preview{}, err
	}
	plan, err := r.plan(ctx, amount, held)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{
		Bank: r.want.URI.BaseURL(), Exchange: r.exchange.URL, Amount: amount, CardFees: r.status.CardFees,
		Kinds: plan.Denominations, Coins: plan.Coins, Fees: plan.Fees, Rest: plan.Remainder, Identify: plan.Identify,
	}
	if amount.IsZero() {
		p.Most = r.status.MaxAmount
	}
	return p, nil
}

// plan says which coins an amount becomes. If keys that were read a while ago list no
// usable denomination any more, they are read again.
func (r *withdrawal) plan(ctx context.Context, amount, held instrument.Amount) (plan taler.PreviewResult, err error) {
	if amount.IsZero() { // nobody knows it yet
		return taler.PreviewResult{Fees: amount, Remainder: amount}, nil
	}
	ask := coins(taler.OperationPreview, taler.PreviewArgs{Exchange: r.exchange.ID, Amount: amount, Held: held})
	err = r.w.do(ctx, ask, &plan)
	if !otherKeysMayHelp(err) {
		return plan, err
	}
	if r.exchange, err = r.w.refresh(ctx, r.exchange); err != nil {
		return plan, err
	}
	err = r.w.do(ctx, ask, &plan)
	return plan, err
}
