package wallet

import (
	"context"
	"fmt"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// person is who withdraws: the terminal in front of them, or the flags.
type person struct {
	env  *cli.Env
	yes  bool
	told bool // the last event has said how it ended
}

// ended is how a withdrawal ended, unless the last event has said so.
func (p *person) ended(err error) error {
	if p.told {
		return cli.Reported(err)
	}
	return err
}

// Show implements client.Person.
func (p *person) Show(e client.Event) {
	if e.Event == client.EventWaiting {
		p.env.Say("… %s", e.Reason)
		return
	}
	p.told = e.Event == "aborted"
	text := "… " + e.Event
	switch e.Event {
	case "selected":
		text = "The withdrawal is yours; the terminal shows " + e.Groups
	case "paid":
		text = "Paid " + e.Amount.String()
	case "unknown":
		text = "Whether it was paid is not known yet: " + e.Reason
	case "declined":
		text = "Not paid: " + e.Reason
	case "aborted":
		text = "Aborted: " + e.Reason
	case "transfer":
		text = transfer(e)
	case "done":
		text = fmt.Sprintf("Withdrawn %s in %s; fees %s; operation %s", e.Amount, fault.Count(e.Coins, "coin"), e.Fees, e.Operation)
		for _, back := range []*instrument.Amount{e.Remainder, e.Surplus} {
			if back != nil {
				text += fmt.Sprintf("\n%s stays at the exchange and goes back when the reserve is closed", back)
			}
		}
	}
	if err := p.env.Print(e, "%s\n", text); err != nil {
		p.env.Say("the output cannot be written: %v", err)
	}
}

// transfer says what the person has to send, and by what they go on if this ends.
func transfer(e client.Event) string {
	text := fmt.Sprintf("Send %s to the exchange, once, with this subject and nothing else:\n  %s\nas banking software opens it:\n  %s", e.Amount, e.Reserve, e.Payto)
	for _, r := range e.Restrictions {
		text += "\nThe exchange takes it under a condition: " + r
	}
	if e.ConversionURL != "" {
		text += "\nThat account is in another currency; what it becomes says " + e.ConversionURL
	}
	text += fmt.Sprintf("\nThis is the operation %s", e.Operation)
	if e.Key != "" {
		text += ", under the key " + e.Key
	}
	return text
}

// Agree implements client.Person.
func (p *person) Agree(ctx context.Context, v client.Preview) (bool, error) {
	switch {
	case v.Agreed != nil:
		return p.agreeToFees(ctx, v)
	case v.Arrived:
		return p.agreeAgain(ctx, v)
	}
	through := "by a transfer that you make"
	if v.Bank != "" {
		through = fmt.Sprintf("through the bank %s, which takes %s", v.Bank, orNothing(v.CardFees.String(), v.CardFees.IsZero()))
	}
	if v.Amount.IsZero() {
		p.env.Say("Withdraw what will be paid%s at %s\n  %s", upTo(v.Most), v.Exchange, through)
	} else {
		p.env.Say("Withdraw %s at %s\n  %s\n  %s%s; the exchange takes %s",
			v.Amount, v.Exchange, through, fault.Count(v.Coins, "coin"), kinds(v.Kinds), orNothing(v.Fees.String(), v.Fees.IsZero()))
	}
	if !v.Rest.IsZero() {
		p.env.Say("  %s is too little for a coin and goes back in the end", v.Rest)
	}
	if v.Identify {
		p.env.Say("  the exchange will want to know who you are")
	}
	if v.Terms != nil && v.Terms.Version != "" {
		p.env.Say("\nTerms of service of the exchange, version %s:\n%s\n", v.Terms.Version, v.Terms.Text)
	}
	if p.yes {
		return true, nil
	}
	agreed, err := p.env.Yes(ctx, "Do you agree?", "look at the preview, then repeat with --yes")
	return agreed, cli.Left(err, "nothing was withdrawn")
}

// agreeAgain asks about terms that have changed while the money was on its way.
func (p *person) agreeAgain(ctx context.Context, v client.Preview) (bool, error) {
	p.env.Say("%s has arrived at %s, which has new terms of service, version %s:\n%s\n", v.Amount, v.Exchange, v.Terms.Version, v.Terms.Text)
	if p.yes {
		return true, nil
	}
	return p.env.Yes(ctx, "Do you accept them? Else the money goes back when the reserve is closed",
		"read them: `wallet exchange terms "+v.Exchange+"`, then accept them with --accept there, or with `wallet operation resume OPERATION --yes`")
}

// agreeToFees asks about fees that have risen while the money was on its way.
func (p *person) agreeToFees(ctx context.Context, v client.Preview) (bool, error) {
	p.env.Say("%s has arrived at %s, which takes %s for the coins now, and not %s, to which you have agreed\n  %s%s",
		v.Amount, v.Exchange, v.Fees, orNothing(v.Agreed.String(), v.Agreed.IsZero()), fault.Count(v.Coins, "coin"), kinds(v.Kinds))
	if p.yes {
		return true, nil
	}
	return p.env.Yes(ctx, "Do you agree? Else the money goes back when the reserve is closed",
		"if you agree to these fees, say so with `wallet operation resume OPERATION --yes`")
}

func upTo(most instrument.Amount) string {
	if most == (instrument.Amount{}) {
		return ""
	}
	return ", at most " + most.String() + ","
}

// kinds says which coins: ": 2 × CHF:10, 1 × CHF:5".
func kinds(all []taler.PreviewCoins) string {
	var out []string
	for _, c := range all {
		out = append(out, fmt.Sprintf("%d × %s", c.Count, c.Value))
	}
	if len(out) == 0 {
		return ""
	}
	return ": " + strings.Join(out, ", ")
}

func orNothing(text string, zero bool) string {
	if zero {
		return "nothing"
	}
	return text
}
