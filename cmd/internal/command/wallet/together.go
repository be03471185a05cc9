package wallet

import (
	"context"
	"fmt"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// share reads INSTRUMENT=AMOUNT, or INSTRUMENT, which takes what the others leave.
// A name may have an equals sign in it: only what is an amount counts as one.
func (w *wallet) share(ctx context.Context, text string) (client.Share, error) {
	name, share := text, client.Share{}
	if at := strings.LastIndex(text, "="); at >= 0 {
		if a, err := instrument.ParseAmount(text[at+1:]); err == nil {
			name, share.Amount = text[:at], a
		}
	}
	i, err := w.find(ctx, name)
	share.Instrument = i.ID
	return share, err
}

// several reports whether a payment is of several instruments.
func several(with []string) bool {
	return len(with) > 1 || len(with) == 1 && strings.Contains(with[0], "=")
}

// payTogether pays with several instruments.
func (w *wallet) payTogether(ctx context.Context, to client.Payment, p purchase) error {
	if to.Class != "" {
		return cli.Argument(fault.New(fault.Invalid, "with several instruments there is no one class").Because("class-differs"))
	}
	want := client.Together{Peer: to.Peer, Operation: to.Operation, Amount: to.Amount, Invoice: to.Invoice}
	for _, text := range p.with {
		s, err := w.share(ctx, text)
		if err != nil {
			return err
		}
		want.Shares = append(want.Shares, s)
	}
	if begun, err := w.Begun(ctx, want); err == nil && begun {
		if err := w.goOnWith(ctx, instrument.OperationID(protocol.Short(want.Operation))); err != nil {
			return err
		}
	}
	whole, err := w.PayTogether(ctx, want, &payer{w: w, asked: to.Amount, yes: p.yes, instead: p.instead})
	if fault.ReasonOf(err) == "parts-malformed" {
		return cli.Argument(err)
	}
	return w.ended(whole, err)
}

// ended prints a payment of several instruments that has ended.
func (w *wallet) ended(p client.Whole, err error) error {
	if err != nil {
		return err
	}
	return w.env.Print(p, "%s\n", line(moved(p)+"; operation", string(p.Operation)))
}

// moved says what was paid, or what of it has come back: a part that was refused is neither.
func moved(p client.Whole) string {
	word := strings.ToUpper(p.Status[:1]) + p.Status[1:]
	if p.Status == client.PaymentAborted {
		return line(word, p.Total.String()+": nothing was paid")
	}
	sum, how := instrument.ZeroOf(p.Total.Currency), p.Total.String()
	var with []string
	for _, part := range p.Parts {
		if p.Status == client.PaymentRefunded && part.State != client.PartRefunded {
			continue
		}
		with = append(with, part.Amount.String()+" with "+string(part.Class))
		if more, err := sum.Add(part.Amount); err == nil {
			sum = more
		}
	}
	if p.Status == client.PaymentRefunded && sum != p.Total {
		how = sum.String() + " of " + how
	}
	return line(word, how+":", strings.Join(with, " and "))
}

// payer is the person in front of the wallet; --instead is what they would say.
type payer struct {
	w       *wallet
	asked   instrument.Amount
	yes     bool
	instead []string
	seen    map[int]string
}

// Agree implements client.Payer.
func (p *payer) Agree(ctx context.Context, bills []client.Bill) (bool, error) {
	sum := instrument.ZeroOf(p.asked.Currency)
	for _, b := range bills {
		var err error
		if sum, err = sum.Add(b.Terms.Price); err != nil {
			return false, fault.Wrap(err, fault.Denied, "the vendor asks for %s for a part: nothing was paid", b.Terms.Price).Because("price-differs")
		}
		p.w.bill(b)
	}
	if !p.yes {
		agreed, err := p.w.env.Yes(ctx, fmt.Sprintf("Pay %s?", sum), "look at the prices, then repeat with --yes")
		return agreed, cli.Left(err, "nothing was paid")
	}
	return true, within(sum, p.asked)
}

// Instead implements client.Payer.
func (p *payer) Instead(ctx context.Context, failed client.WholePart, why error) (instrument.ID, error) {
	p.w.env.Say("The part of %s with %s was refused: %s", failed.Amount, failed.Class, fault.From(why).Message)
	if len(p.instead) > 0 {
		name := p.instead[0]
		p.instead = p.instead[1:]
		if name == "" {
			return "", nil
		}
		i, err := p.w.find(ctx, name)
		return i.ID, err
	}
	if !p.w.env.Interactive() {
		return "", nil
	}
	none := "what was paid comes back"
	if client.MayPayLater(why) {
		none = "it is tried again later"
	}
	return p.typed(ctx, none)
}

// typed is what the person names; none says what follows if it is nothing. A name that this wallet does not know is asked for again:
// else a slip of the hand would break off a payment of which something is paid.
func (p *payer) typed(ctx context.Context, none string) (instrument.ID, error) {
	const open = "the payment is still open: `wallet operation resume` asks again, or has back what was paid of it"
	for {
		name, err := p.w.env.Ask(ctx, "Which instrument instead? (none: "+none+")", open)
		if fault.ReasonOf(err) == "interrupted" { // "start it again" would begin another payment
			err = fault.From(err).WithHint(open)
		}
		if name == "" || err != nil {
			return "", err
		}
		i, err := p.w.find(ctx, name)
		switch fault.ReasonOf(err) {
		case "instrument-unknown", "name-ambiguous":
			f := fault.From(err)
			p.w.env.Say("%s — %s", f.Message, f.Hint)
			continue
		}
		return i.ID, err
	}
}

// Show implements client.Payer.
func (p *payer) Show(now client.Whole) {
	if p.seen == nil {
		p.seen = map[int]string{}
	}
	for n, part := range now.Parts {
		if p.seen[n] != part.State && part.State != client.PartWaiting && part.State != client.PartPaying && part.State != client.PartRefunding {
			p.w.env.Say("  %s with %s: %s", part.Amount, part.Class, part.State)
		}
		p.seen[n] = part.State
	}
}
