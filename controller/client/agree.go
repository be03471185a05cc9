package client

import (
	"context"
	"errors"
	"strings"

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
	Rest     instrument.Amount    `json:"remainder"`          // too little for a coin; it goes back
	Identify bool                 `json:"identify,omitempty"` // the exchange will want to know who it is
	Terms    *taler.TermsResult   `json:"terms,omitempty"`    // that were not accepted yet
}

// choose finds the exchange. One that the wallet does not know yet must have
// been named by the person, not by the bank.
func (r *withdrawal) choose(ctx context.Context) error {
	url := r.status.Exchange()
	if _, err := taler.CheckURL(url, true); url != "" && err != nil { // whether http is good enough is decided where it is asked
		return fault.Wrap(err, fault.Invalid, "what the bank names as its exchange is no address of one").Because(taler.ReasonAddressRefused).
			WithHint("tell the operator of the bank; nothing was withdrawn")
	}
	if r.want.Exchange != "" {
		if url != "" && strings.TrimSuffix(url, "/") != strings.TrimSuffix(r.want.Exchange, "/") && r.status.RequiredExchange != "" {
			return fault.New(fault.Conflict, "the bank pays only to %s, not to %s", url, r.want.Exchange).Because("exchange-differs")
		}
		e, err := r.w.AddExchange(ctx, r.want.Exchange)
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

// agree shows the person what will happen.
func (r *withdrawal) agree(ctx context.Context) (instrument.Amount, error) {
	amount := r.status.Amount
	if amount == (instrument.Amount{}) {
		amount = r.want.Amount
	}
	if amount == (instrument.Amount{}) {
		amount = r.status.SuggestedAmount
	}
	if amount.IsZero() {
		return amount, fault.New(fault.Invalid, "the bank lets you choose the amount").Because("input-needed").WithHint("say how much: --amount %s:…", r.status.Currency)
	}
	held, err := r.w.heldAt(ctx, r.exchange.URL, amount.Currency)
	if err != nil {
		return amount, err
	}
	var plan taler.PreviewResult
	if err := r.w.do(ctx, coins("PREVIEW", taler.PreviewArgs{Exchange: r.exchange.ID, Amount: amount, Held: held}), &plan); err != nil {
		return amount, err
	}
	preview := Preview{
		Bank: r.want.URI.BaseURL(), Kinds: plan.Denominations, Rest: plan.Remainder, Identify: plan.Identify, Exchange: r.exchange.URL, Amount: amount, CardFees: r.status.CardFees, Coins: plan.Coins, Fees: plan.Fees,
	}
	terms, err := r.w.Terms(ctx, r.exchange)
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
	if fresh && terms.Version != "" {
		err = r.w.AcceptTerms(ctx, r.exchange, terms.Version)
	}
	return amount, err
}
