package terminal

import (
	"context"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/qr"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// screen is what customer and owner look at: this process's terminal.
type screen struct {
	env  *cli.Env
	yes  bool
	uri  string // of the withdrawal that is shown
	told bool   // the last event has said how it ended

	reader bool // a card at the terminal's reader pays
}

// Show implements vendor.Screen.
func (s *screen) Show(e vendor.Event) {
	s.told = e.Event == vendor.EventAborted
	if err := s.env.Print(e, "%s\n", sentence(e)); err != nil {
		s.env.Say("the output cannot be written: %v", err)
	}
	if e.Event == vendor.EventSetup {
		s.uri = e.URI
		if e.Accepted {
			s.draw()
		}
	}
}

// draw shows the code as text, and as a picture on standard error, which is the
// person's. Nobody is to scan before the customer has accepted; who reads JSON
// has the code already.
func (s *screen) draw() {
	if s.env.JSON {
		return
	}
	if err := s.env.Print(nil, "Scan the code with your wallet\n%s\n", s.uri); err != nil {
		s.env.Say("the output cannot be written: %v", err)
	}
	code, err := qr.Draw(s.uri, s.env.Colour())
	if err != nil {
		s.env.Say("the code cannot be drawn: %v", err)
		return
	}
	s.env.Picture("\n" + code + "\n")
}

func sentence(e vendor.Event) string {
	switch e.Event {
	case vendor.EventSetup:
		return "Withdraw " + e.Amount.String() + ", fees " + e.Fees.String() + ", total " + e.Total.String()
	case vendor.EventSelected:
		if e.Reserve == "" {
			return "A wallet has the withdrawal; the bank does not say which"
		}
		return "A wallet has the withdrawal; it shows " + groups(e.Reserve)
	case vendor.EventPay:
		return "Waiting to be paid " + e.Total.String() + " by the wallet that shows " + groups(e.Reserve) + ", at\n" + e.Peer
	case vendor.EventPaid:
		return "Paid: " + e.Transaction
	case vendor.EventUnknown:
		return "Whether it was paid is not known yet: " + e.Reason
	case vendor.EventConfirmed:
		return "Confirmed: the wallet gets its cash"
	case vendor.EventAborted:
		return "Aborted: " + e.Reason
	}
	return e.Event
}

// groups are the first four groups of a reserve key, as taler.KeyGroups shows them.
func groups(key string) string {
	if len(key) < 16 {
		return key
	}
	return key[0:4] + "-" + key[4:8] + "-" + key[8:12] + "-" + key[12:16]
}

// Accept implements vendor.Screen.
func (s *screen) Accept(ctx context.Context, q vendor.Quote) (bool, error) {
	s.env.Say("Your wallet gets %s; fees are %s; your card is charged %s.\nThe exchange is %s", q.Amount, q.Fees, q.Total, q.Exchange)
	if q.Terms.Version != "" {
		s.env.Say("\nIts terms of service, version %s:\n%s\n", q.Terms.Version, q.Terms.Text)
	}
	accepted, err := s.yes, error(nil)
	if !accepted {
		accepted, err = s.env.Yes(ctx, "Do you accept?", "repeat with --yes")
	}
	if accepted {
		s.draw()
	}
	return accepted, err
}

// Choose implements vendor.Chooser, where no card was named.
func (s *screen) Choose(context.Context, vendor.Withdrawal) (vendor.Means, error) {
	return vendor.Means{Reader: s.reader}, nil
}

// SameWallet implements vendor.Screen.
func (s *screen) SameWallet(ctx context.Context, groups string) (bool, error) {
	said, question := "The card is charged for the wallet that shows "+groups, "Does your wallet show "+groups+"?"
	if groups == "" {
		said = "The card is charged for the wallet that has taken the withdrawal; the bank does not say which"
		question = "The bank does not say which wallet has taken the withdrawal. Does yours say that it has?"
	}
	if s.yes {
		s.env.Say("%s", said)
		return true, nil
	}
	return s.env.Yes(ctx, question, "repeat with --yes")
}
