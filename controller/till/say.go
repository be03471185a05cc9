package till

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// Payment is how the customer pays: one of them.
type Payment struct {
	Card   string `json:"card,omitempty"`   // what the till's own reader has read of a plastic card
	Reader bool   `json:"reader,omitempty"` // a card at the terminal's reader
	Peer   bool   `json:"peer,omitempty"`   // a wallet, over a session
}

func (p Payment) means() vendor.Means { return vendor.Means{Card: p.Card, Reader: p.Reader} }

// maxCard is the longest token of a card that can be charged.
const maxCard = 1024

func (p Payment) check() error {
	if len(p.Card) > maxCard {
		return fault.New(fault.Invalid, "a card's token has at most %d bytes", maxCard).Because("payment-malformed").WithHint("send what the card's provider knows it by")
	}
	switch p {
	case Payment{Card: p.Card}:
		if p.Card != "" {
			return nil
		}
	case Payment{Reader: true}, Payment{Peer: true}:
		return nil
	}
	return fault.New(fault.Invalid, "a withdrawal is paid by a card, at the reader or by a peer").Because("payment-malformed").
		WithHint(`such as {"card":"TOKEN"}, {"reader":true} or {"peer":true}`)
}

// soon bounds how long a request that says something waits for its effect.
const soon = 5 * time.Second

// Accept says whether the customer accepts fees and terms of service. It returns when that
// is on record, so that the QR code can be shown, or after a while.
func (t *Till) Accept(ctx context.Context, name string, yes bool) (View, error) {
	v, err := t.say(ctx, name, needsAcceptance, yes, func(w vendor.Withdrawal) bool {
		if yes {
			return !w.AwaitsCustomer()
		}
		return w.Status == taler.TerminalAborted && w.Terms.AcceptedAt == 0 // what was to come of it has, and its answer may be lost
	})
	if err != nil || !v.Accepted.IsZero() || v.Ended != (time.Time{}) {
		return v, err
	}
	w, err := t.terminal.Find(ctx, v.WOPID)
	if err != nil {
		return v, err
	}
	within, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	err = t.terminal.Instruments().Wait(within, w.ID, func(ctx context.Context) (bool, error) {
		w, err = t.terminal.Find(ctx, v.WOPID)
		return !w.AwaitsCustomer(), err
	})
	return t.view(ctx, w, t.live(w)), err
}

// SameWallet says whether the customer's wallet shows the groups.
func (t *Till) SameWallet(ctx context.Context, name string, same bool) (View, error) {
	return t.say(ctx, name, needsSameWallet, same, func(w vendor.Withdrawal) bool {
		if same {
			return w.Charged() || w.Status == taler.TerminalAborted && !w.OfAnotherWallet() // no card is charged before
		}
		return w.OfAnotherWallet()
	})
}

// Pay says how the customer pays. While a wallet or a card at the reader is waited for, and nobody
// pays, other means take its place.
func (t *Till) Pay(ctx context.Context, name string, p Payment) (View, error) {
	if err := t.takes(p); err != nil {
		return View{}, err
	}
	return t.say(ctx, name, needsPayment, p, func(w vendor.Withdrawal) bool {
		if s := t.live(w); s != nil {
			return s.chose(p) || s.rechooses(w, p)
		}
		return p.Peer && w.Over() && t.byPeer(ctx, w)
	})
}

// byPeer reports whether till software has said that a wallet pays a withdrawal over a session.
func (t *Till) byPeer(ctx context.Context, w vendor.Withdrawal) bool {
	var r record
	i, err := t.terminal.Instruments().Lookup(ctx, class, keyRequest, w.RequestUID)
	return err == nil && i.Decode(&r) == nil && r.Peer
}

// takes refuses a payment that this terminal cannot take.
func (t *Till) takes(p Payment) error {
	if err := p.check(); err != nil {
		return err
	}
	if p.Reader && !t.terminal.HasReader() {
		return fault.New(fault.Conflict, "this terminal has no card reader").Because("reader-missing").WithHint("start it with --reader ADDR")
	}
	return nil
}

func (s *sale) chose(p Payment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pay == p && p.Peer
}

// rechooses has the customer pay by other means than those that are waited for.
func (s *sale) rechooses(w vendor.Withdrawal, p Payment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy || s.stopping > 0 || !s.till.terminal.Rechoose(w, p.means()) {
		return false
	}
	s.pay, s.peer, s.heard[needsPayment] = p, "", p
	return true
}

// say answers what a withdrawal waits for. said reports, by the record, that the same was
// said before; the sale itself remembers what it has heard.
func (t *Till) say(ctx context.Context, name, needs string, answer any, said func(vendor.Withdrawal) bool) (View, error) {
	w, err := t.terminal.FindByPrefix(ctx, name)
	if err != nil {
		return View{}, err
	}
	s := t.live(w)
	if s != nil && (s.hears(needs, answer) || s.repeats(needs, answer)) || said(w) {
		return t.view(ctx, w, s), nil
	}
	if w.Over() {
		return View{}, fault.New(fault.Conflict, "the withdrawal is %s, and over", w.Status).Because("not-asked").WithHint("begin another one")
	}
	hint := waitsFor(t.view(ctx, w, s), s)
	if needs == needsAcceptance && answer == false {
		hint = "POST …/abort gives it up, unless it is being paid"
	}
	return View{}, fault.New(fault.Conflict, "the withdrawal does not wait for that now").Because("not-asked").WithHint("%s", hint)
}

// hears takes an answer, if the withdrawal waits for it. Once the wallet is known to be the
// customer's the payment cannot be taken back, unless it still waits for a card at the reader:
// the terminal knows whether one is there.
func (s *sale) hears(needs string, answer any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.needs != needs || s.answer == nil || s.stopping > 0 {
		return false
	}
	s.heard[needs] = answer
	s.answers(answer)
	s.busy = s.busy || needs == needsSameWallet && answer == true && !s.pay.Reader
	return true
}

// repeats reports whether the same answer was taken before: it comes again because the reply
// to it was lost.
func (s *sale) repeats(needs string, answer any) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.needs != needs && s.heard[needs] == answer
}

// pays takes the means of payment that an order names, unless one was named before. So a till
// that sends its order again after a restart need not say it a second time.
func (s *sale) pays(p Payment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case p == Payment{} || s.pay != Payment{} || s.busy || s.stopping > 0:
	case s.needs == needsPayment && s.answer != nil:
		s.answers(p)
	default:
		s.pay = p
	}
}

// answers gives an answer to the part of the sale that waits for it. How the customer pays
// is kept, so that nobody is asked again if the choice comes up again because the bank was
// away. An earlier problem is dropped: it is over, or will be found again.
func (s *sale) answers(answer any) {
	if p, ok := answer.(Payment); ok {
		s.pay = p
	}
	s.answer <- answer // it has room for one
	s.needs, s.answer, s.problem = "", nil, nil
}

// known is the answer that was given already to what a withdrawal needs; nil if there is none.
func (s *sale) known(needs string) any {
	if needs == needsPayment && s.pay != (Payment{}) {
		return s.pay
	}
	return nil
}

// Abort gives a withdrawal up that is not being paid.
func (t *Till) Abort(ctx context.Context, name, reason string) (View, error) {
	w, err := t.terminal.FindByPrefix(ctx, name)
	if err != nil {
		return View{}, err
	}
	if w.Status == taler.TerminalAborted {
		return t.Resume(ctx, name)
	}
	s := t.live(w)
	if s != nil {
		leave := s.stops()
		if leave == nil {
			return View{}, vendor.UnderWay(w)
		}
		defer leave()
	}
	if reason == "" {
		reason = "the till gave it up"
	}
	if err := t.terminal.GiveUp(ctx, &w, reason); err != nil {
		return View{}, err
	}
	if s == nil {
		return t.Resume(ctx, name)
	}
	return t.view(ctx, w, s), nil
}

// stops begins the time in which nothing is taken that would have a card charged; what it
// returns ends it, unless somebody else is giving the withdrawal up as well. nil: a card
// is charged, or may be.
func (s *sale) stops() (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		return nil
	}
	s.stopping++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stopping--
	}
}
