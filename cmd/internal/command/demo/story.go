package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/qr"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// story is one purchase while it is told.
type story struct {
	*stage
	began    time.Time
	terminal *child
	wallet   *child
	deal     event // the terminal's setup
	wopid    taler.WOPID
	reserve  string
	bank     *taler.Client
}

// step is one step of the C2EC process.
type step struct {
	Step int    `json:"step"`
	Who  string `json:"who"`
	What string `json:"what"`
	MS   int64  `json:"ms"` // since the process began
}

func (s *story) say(n int, who, format string, args ...any) error {
	x := step{Step: n, Who: who, What: fmt.Sprintf(format, args...), MS: time.Since(s.began).Milliseconds()}
	return s.env.Print(x, "%3d  %-9s %6d ms  %s\n", x.Step, x.Who, x.MS, x.What)
}

// tell goes through the process once and looks into the wallet.
func (s *stage) tell(ctx context.Context) (summary, error) {
	t := &story{stage: s, began: time.Now()}
	end, err := t.purchase(ctx)
	if err != nil {
		return summary{}, err
	}
	return t.count(ctx, end)
}

// purchase is steps 0 to 11. It returns confirmed or aborted.
func (s *story) purchase(ctx context.Context) (string, error) {
	for _, chapter := range []func(context.Context) error{s.setUp, s.scan, s.selected, s.charge} {
		if err := chapter(ctx); err != nil {
			return "", err
		}
	}
	paid, err := s.result(ctx)
	if err != nil {
		return "", err
	}
	if !paid {
		return aborted, s.abandoned(ctx)
	}
	for _, chapter := range []func(context.Context) error{s.verdict, s.credit, s.coins} {
		if err := chapter(ctx); err != nil {
			return "", err
		}
	}
	return confirmed, nil
}

// setUp is step 0: the terminal gets a withdrawal and waits for its selection.
func (s *story) setUp(ctx context.Context) (err error) {
	s.terminal, err = s.troupe.start("terminal", []string{
		"terminal", "withdraw", "--dir", s.troupe.path("terminal"),
		"--amount", s.plan.amount.String(), "--card", s.plan.card, "--yes",
	}, nil)
	if err != nil {
		return err
	}
	if s.deal, err = s.terminal.expect(ctx, "setup"); err != nil {
		return err
	}
	if s.wopid, err = taler.ParseWOPID(s.deal.WOPID); err != nil {
		return err
	}
	if s.bank, err = taler.NewClient(s.urls[serve.Integration], nil, taler.Anonymous()); err != nil {
		return err
	}
	if err := s.say(0, "terminal", "sets up withdrawal %s of %s (fees %s, to pay %s) and asks to be told of its selection",
		s.wopid, s.deal.Amount, s.deal.Fees, s.deal.Total); err != nil {
		return err
	}
	return s.draw()
}

// draw shows the QR code to people only.
func (s *story) draw() error {
	if s.env.JSON {
		return nil
	}
	picture, err := qr.Draw(s.deal.URI, s.env.Colour())
	if err != nil {
		return err
	}
	s.env.Picture("\n" + picture)
	s.env.Say("%s\n", s.deal.URI)
	return nil
}

// scan is steps 1 and 2: the wallet reads the code and registers its reserve.
func (s *story) scan(ctx context.Context) (err error) {
	if err := s.say(1, "wallet", "scans the QR code"); err != nil {
		return err
	}
	s.wallet, err = s.troupe.start("wallet", s.walletArgs("withdraw", s.deal.URI, "--exchange", s.urls[serve.Exchange], "--yes"), nil)
	if err != nil {
		return err
	}
	chosen, err := s.wallet.expect(ctx, "selected")
	if err != nil {
		return err
	}
	s.reserve = chosen.Reserve
	return s.say(2, "wallet", "registers a reserve at the bank and shows %s", groups(chosen))
}

// selected is steps 3 and 4: the terminal hears of it and asks for the card, once
// it shows the same reserve as the wallet.
func (s *story) selected(ctx context.Context) error {
	told, err := s.terminal.expect(ctx, "selected", aborted)
	if err != nil {
		return err
	}
	if told.Event == aborted || told.Reserve != s.reserve {
		return fault.New(fault.Conflict, "the terminal was told of another reserve than the wallet's").Because("wallet-differs")
	}
	if err := s.say(3, "bank", "tells the terminal that %s is selected", s.wopid); err != nil {
		return err
	}
	return s.say(4, "terminal", "shows the same reserve and asks for %s and the card", s.deal.Total)
}

// charge is step 5, seen at the provider.
func (s *story) charge(ctx context.Context) error {
	p, err := s.payment(ctx)
	if err != nil {
		return err
	}
	return s.say(5, "terminal", "triggers payment %s of %s at the provider", p.ID, p.Amount)
}

// result is step 6, and step 7 if the card was charged.
func (s *story) result(ctx context.Context) (paid bool, err error) {
	for {
		e, err := s.terminal.expect(ctx, "unknown", "paid", aborted)
		switch {
		case err != nil:
			return false, err
		case e.Event == "unknown":
			err = s.say(6, "provider", "does not answer: the outcome is unknown, and the terminal asks again (%s)", e.Reason)
		case e.Event == aborted:
			return false, s.say(6, "provider", "refuses the payment (%s)", e.Reason)
		default:
			if err := s.say(6, "provider", "says that the card was charged"); err != nil {
				return false, err
			}
			return true, s.say(7, "terminal", "tells the bank that transaction %s paid", e.Transaction)
		}
		if err != nil {
			return false, err
		}
	}
}

// abandoned is step 9 after a declined card. Both ends hear of it.
func (s *story) abandoned(ctx context.Context) error {
	state, err := s.decided(ctx)
	if err != nil {
		return err
	}
	if state != taler.StateAborted {
		return fault.New(fault.Internal, "the withdrawal is %s, although nobody has paid", state)
	}
	if err := s.say(9, "bank", "has the withdrawal aborted: no money anywhere"); err != nil {
		return err
	}
	if _, err := s.wallet.expect(ctx, aborted); err != nil {
		return err
	}
	return nil
}

// verdict is steps 8 and 9: the bank asks the provider itself, and decides.
func (s *story) verdict(ctx context.Context) error {
	state, err := s.decided(ctx)
	if err != nil {
		return err
	}
	record, err := s.record(ctx)
	if err != nil {
		return err
	}
	if err := s.say(8, "bank", "asks the provider about transaction %s", record.Transaction); err != nil {
		return err
	}
	if state != taler.StateConfirmed {
		return fault.New(fault.Declined, "the bank did not confirm the payment: %s", record.Reason).Because("withdrawal-aborted")
	}
	if err := s.say(9, "bank", "finds it good and confirms the withdrawal"); err != nil {
		return err
	}
	_, err = s.terminal.expect(ctx, confirmed)
	return err
}

// credit is step 10, seen at the exchange.
func (s *story) credit(ctx context.Context) error {
	if err := s.credited(ctx); err != nil {
		return err
	}
	return s.say(10, "exchange", "reads the bank's history and credits the reserve with %s", s.deal.Amount)
}

// coins is step 11.
func (s *story) coins(ctx context.Context) error {
	e, err := s.wallet.expect(ctx, "done", aborted)
	if err != nil {
		return err
	}
	if e.Event == aborted {
		return fault.New(fault.Declined, "the wallet gave up: %s", e.Reason).Because("withdrawal-aborted")
	}
	return s.say(11, "wallet", "hears of the reserve and withdraws %s in %s", e.Amount, fault.Count(e.Coins, "coin"))
}

// decided waits for the bank's verdict.
func (s *story) decided(ctx context.Context) (taler.State, error) {
	for {
		status, err := s.bank.Operation(ctx, s.wopid, taler.LongPoll{Timeout: 10 * time.Second, OldState: taler.StateSelected})
		if err != nil && !errors.Is(err, fault.Timeout) {
			return "", err
		}
		if err == nil && status.Status != taler.StateSelected {
			return status.Status, nil
		}
		if ctx.Err() != nil {
			return "", fault.Wrap(ctx.Err(), fault.Timeout, "the bank takes too long").Because("demo-slow")
		}
	}
}

// groups is how a reserve is shown to people.
func groups(e event) string {
	if e.Groups != "" {
		return e.Groups
	}
	return e.Reserve
}
