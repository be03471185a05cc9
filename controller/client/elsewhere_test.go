package client_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// kiosk takes tickets for what it sells. What an invoice says beyond that it does not know, or does
// not take as a name of something else.
type kiosk struct {
	controllertest.Inspector
	cards  bool  // for the same
	refuse error // of an invoice that names a withdrawal
}

func (k kiosk) Offers(ctx context.Context, who controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	switch {
	case len(inv) > 0 && k.refuse != nil:
		return instrument.Terms{}, nil, k.refuse
	case class == client.ClassCard && k.cards:
		return instrument.Terms{Price: k.Price}, instrument.Invoice{"reference": "newspaper", "merchant": "kiosk"}, nil
	}
	return k.Inspector.Offers(ctx, who, inv, class)
}

// Whoever has a withdrawal that is still to be paid, at a terminal and perhaps with a plastic card, pays
// other vendors as before, whatever those say to a withdrawal of which they know nothing.
func TestAWithdrawalToBePaidKeepsNoOtherVendorFromBeingPaid(t *testing.T) {
	for name, row := range map[string]struct {
		shop  kiosk
		cards int // of the wallet
	}{
		"that takes no cards":                         {kiosk{}, 1},
		"that takes cards for something else":         {kiosk{cards: true}, 1},
		"that knows no such thing":                    {kiosk{refuse: fault.New(fault.Unsupported, "what?")}, 1},
		"that waits for none, by one without a card":  {kiosk{refuse: fault.New(fault.NotFound, "none").Because(taler.ReasonUnknownOperation)}, 0},
		"that waits for none, by one with many cards": {kiosk{refuse: fault.New(fault.NotFound, "none").Because(taler.ReasonUnknownOperation)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			net := inproc.NewNetwork()
			w, b := newWallet(t, net), newBank(t)
			w.ticket(t, "1")
			for n := range row.cards {
				w.card(t, string(rune('1'+n)))
			}
			_, reserve := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
			b.says(func(s *taler.BankWithdrawalOperationStatus) {
				s.Status, s.SelectedReservePub = taler.StateSelected, reserve
			})
			cards := card.Bundle()
			shop := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{
				controllertest.Tickets(), {Name: cards.Name, Classes: cards.Classes(comm.Vendor), Protocols: cards.Protocols(comm.Vendor)},
			}})
			row.shop.Price = amount(t, "CHF:3")
			paid, err := w.Pay(t.Context(), client.Payment{
				Peer: shop.Listen(t, row.shop), Operation: w.operation(t, "newspaper"), Choose: func(_ context.Context, all []client.Choice) (instrument.ID, error) {
					for _, c := range all {
						if c.With.Class == controllertest.ClassTicket {
							return c.With.ID, nil
						}
					}
					return "", fault.New(fault.Internal, "no ticket among %d", len(all))
				},
			}, agreed)
			if err != nil || paid.Class != controllertest.ClassTicket {
				t.Errorf("%+v, %v", paid, err)
			}
		})
	}
}
