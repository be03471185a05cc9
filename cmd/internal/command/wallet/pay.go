package wallet

import (
	"context"
	"crypto/rand"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// purchase is what a person says of a payment.
type purchase struct {
	amount, class, key string
	with, instead      []string // instruments
	items              map[string]string
	yes                bool
}

func pay(e *cli.Env) *cobra.Command {
	var p purchase
	c := &cobra.Command{
		Use: "pay PEER", Short: "Pay a vendor with whatever both know", Args: cobra.ExactArgs(1),
		RunE: alone(e, func(ctx context.Context, w *wallet, args []string) error {
			return w.pay(ctx, args[0], p)
		}),
	}
	f := c.Flags()
	f.StringVar(&p.amount, "amount", "", "how much; without it the vendor knows")
	f.StringVar(&p.class, "class", "", "pay with this class of instrument")
	f.StringArrayVar(&p.with, "instrument", nil, "pay with `INSTRUMENT`; several, each for its part: coupon=CHF:5, and one without an amount for the rest")
	f.StringArrayVar(&p.instead, "instead", nil, "take `INSTRUMENT` for a part that is refused, in this order; without one, what was paid comes back")
	f.StringToStringVar(&p.items, "item", nil, "what is bought, such as product=bread")
	f.BoolVar(&p.yes, "yes", false, "accept the vendor's price and terms")
	f.StringVar(&p.key, "key", "", "idempotency key: the same one never pays twice")
	return c
}

func (w *wallet) pay(ctx context.Context, peer string, p purchase) error {
	want, err := p.payment(ctx, w, peer)
	if err != nil {
		return err
	}
	if several(p.with) {
		return w.payTogether(ctx, want, p)
	}
	if len(p.instead) > 0 {
		return cli.Usage("--instead is for a part that is refused, and this payment has one --instrument")
	}
	for _, name := range p.with {
		i, err := w.find(ctx, name)
		if err != nil {
			return err
		}
		if p.class != "" && i.Class != want.Class {
			return cli.Argument(fault.New(fault.Invalid, "%s is a %s, not a %s", name, i.Class, want.Class).Because("class-differs").
				WithHint("leave out --class, or say another --instrument"))
		}
		want.Instrument = i.ID
	}
	return w.payAlone(ctx, want, p.yes)
}

// payment is what is to be paid, without the instruments.
func (p purchase) payment(ctx context.Context, w *wallet, peer string) (client.Payment, error) {
	for _, word := range controller.InvoiceWords() {
		if _, said := p.items[word]; said {
			return client.Payment{}, cli.Argument(fault.New(fault.Invalid, "--item says what is bought; %q has a meaning of its own in a payment", word).Because("item-reserved").
				WithHint("see `wallet pay --help`, and `wallet session` for steps of your own"))
		}
	}
	to, err := w.peer(ctx, peer)
	if err != nil {
		return client.Payment{}, err
	}
	want := client.Payment{Peer: to, Class: instrument.ClassID(p.class), Invoice: p.items}
	if p.amount != "" {
		if want.Amount, err = cli.Amount(p.amount); err != nil {
			return client.Payment{}, err
		}
	}
	if p.key == "" {
		p.key = rand.Text()
		w.env.Say("The key of this payment is %s", p.key)
	}
	want.Operation, err = w.OperationID(p.key)
	return want, cli.Argument(err)
}

// payAlone pays with one instrument.
func (w *wallet) payAlone(ctx context.Context, want client.Payment, yes bool) error {
	want.Choose = w.which()
	if err := w.goOnPaying(ctx, want); err != nil {
		return err
	}
	stop := func() bool { return true }
	paid, err := w.Pay(ctx, want, func(ctx context.Context, b client.Bill) (bool, error) {
		agreed, err := w.agree(ctx, b, want.Amount, yes)
		stop = awaiting(w.env, b.Peer.Name, answerAfter)
		return agreed, err
	})
	stop()
	if err != nil {
		return err
	}
	return w.env.Print(paid, "%s\n", line("Paid", paid.Price.String(), "with", string(paid.Class)+"; operation", string(paid.Operation)))
}

// goOnPaying goes on with a payment that came out of a backup and waits for whoever repeats it, and
// waits a little for its end.
func (w *wallet) goOnPaying(ctx context.Context, p client.Payment) error {
	if _, _, err := w.PaidBefore(ctx, p); fault.ReasonOf(err) != protocol.ReasonPending {
		return nil
	}
	m, err := w.mark()
	if err != nil || !m.Holds(instrument.OperationID(protocol.Short(p.Operation))) {
		return err
	}
	if err := w.house.GoOn(ctx, p.Operation); err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, atTheEnd)
	defer cancel()
	_, _ = w.Protocols().Await(within, p.Operation) // how it has ended is read with the payment
	return nil
}

// agree shows the vendor's price. --yes covers no more than what was asked for.
func (w *wallet) agree(ctx context.Context, b client.Bill, asked instrument.Amount, yes bool) (bool, error) {
	w.bill(b)
	if !yes {
		agreed, err := w.env.Yes(ctx, "Pay "+money(b.Terms.Price)+"?", "look at the price, then repeat with --yes")
		return agreed, cli.Left(err, "nothing was paid")
	}
	if asked == (instrument.Amount{}) {
		return true, nil
	}
	return true, within(b.Terms.Price, asked)
}

// bill shows the vendor's price of one instrument.
func (w *wallet) bill(b client.Bill) {
	name := b.Peer.Name
	if name == "" {
		name = "the vendor"
	}
	with := ""
	if b.With.ID != "" {
		with = ", " + b.With.Name
	}
	w.env.Say("%s takes %s: %s, by %s%s", name, b.Class, money(b.Terms.Price), b.Protocol, with)
	if b.Terms.Text != "" {
		w.env.Say("  %s", terms(b.Terms.Text))
	}
}

// maxTerms is how much of a vendor's terms is shown, in characters: what is longer would move
// the price out of sight.
const maxTerms = 1000

// terms is what a vendor says of an offer, as a person gets to see it.
func terms(text string) string {
	text = fault.Line(text)
	if runes := []rune(text); len(runes) > maxTerms {
		text = string(runes[:maxTerms]) + "…"
	}
	return text
}

// within refuses a price that is more than what was asked for.
func within(price, asked instrument.Amount) error {
	if price == (instrument.Amount{}) {
		return fault.New(fault.Denied, "the vendor names no price for this: nothing was paid").Because("price-differs").
			WithHint("say what you buy, such as --item product=bread")
	}
	if c, err := price.Cmp(asked); err != nil || c > 0 {
		return fault.New(fault.Denied, "the vendor asks for %s, not %s: nothing was paid", price, asked).Because("price-differs").
			WithHint("to accept the vendor's price, leave out --amount or --yes")
	}
	return nil
}
