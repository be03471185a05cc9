package till

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/protocol"
)

// Show implements vendor.Screen: the event is in the stream, once. If another process has had the
// withdrawal paid, so is that.
func (s *sale) Show(e vendor.Event) {
	ctx := context.Background() // the end of the process does not take an event away
	w, err := s.till.terminal.FindByRequest(ctx, s.order.RequestUID)
	if err != nil {
		s.till.terminal.Log().Error("an event has no withdrawal", "event", e.Event, "error", err)
		return
	}
	over, news := e.Event == vendor.EventConfirmed || e.Event == vendor.EventAborted, false
	all := []vendor.Event{e}
	switch paid := (vendor.Event{Event: vendor.EventPaid, Transaction: w.Transaction}); {
	case paid.Transaction == "":
	case over:
		all = []vendor.Event{paid, e}
	case e.Event == vendor.EventSelected:
		all = []vendor.Event{e, paid}
	}
	err = s.till.change(ctx, s.record, func(status *string, r *record) (told []Told) {
		news = false
		for _, each := range all {
			if r.says(each) {
				told, news = append(told, Told{each, w.WOPID}), news || each == e
			}
		}
		if over {
			*status = statusEnded
		}
		return told
	})
	if err != nil {
		s.till.terminal.Log().Error("an event cannot be kept; a later life tells of it", "event", e.Event, "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	repeats := !news && (e.Event == vendor.EventSetup || e.Event == vendor.EventSelected)
	if !repeats || w.Status != taler.TerminalSelected { // it says nothing of what has kept it from being paid
		s.problem = nil
	}
	switch e.Event {
	case vendor.EventPay:
		s.peer = e.Peer
	case vendor.EventPaid:
		s.peer, s.busy = "", true
	}
}

// Away implements vendor.Watcher: the withdrawal has this problem until the bank answers.
func (s *sale) Away(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problem = nil
	if err != nil {
		s.problem = fault.From(err)
	}
}

// Accept implements vendor.Screen.
func (s *sale) Accept(ctx context.Context, q vendor.Quote) (bool, error) {
	s.mu.Lock()
	s.quote = &q
	s.mu.Unlock()
	if x := s.order.Exchange; strings.Contains(x, "://") && taler.ExchangeBase(x) != taler.ExchangeBase(q.Exchange) {
		return false, fault.New(fault.Declined, "the bank sells cash of another exchange, %s", q.Exchange).Because("exchange-differs")
	}
	return ask[bool](ctx, s, needsAcceptance)
}

// SameWallet implements vendor.Screen.
func (s *sale) SameWallet(ctx context.Context, _ string) (bool, error) {
	same, err := ask[bool](ctx, s, needsSameWallet)
	if err == nil && same {
		s.charges()
	}
	return same, err
}

// Choose implements vendor.Chooser.
func (s *sale) Choose(ctx context.Context, _ vendor.Withdrawal) (vendor.Means, error) {
	pay, err := ask[Payment](ctx, s, needsPayment)
	if err != nil {
		return vendor.Means{}, err
	}
	if pay.Peer != s.order.Peer {
		err := s.till.change(ctx, s.record, func(_ *string, r *record) []Told {
			r.Peer = pay.Peer
			return nil
		})
		if err != nil {
			return vendor.Means{}, err
		}
		s.order.Peer = pay.Peer // of this goroutine alone
	}
	return pay.means(), nil
}

// charges notes that from now on the payment cannot be taken back, unless it waits for a card
// at the reader. A card's token that was said counts for one charge.
func (s *sale) charges() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy, s.pay = !s.pay.Reader, Payment{Peer: s.pay.Peer}
}

// ask waits until till software says what is needed, unless it has said it before. It ends
// when the withdrawal ends at the bank or in another process, which may also have it accepted, or
// with ctx.
func ask[T any](ctx context.Context, s *sale, needs string) (none T, err error) {
	w, err := s.till.terminal.FindByRequest(ctx, s.order.RequestUID)
	if err != nil {
		return none, err
	}
	answer := make(chan any, 1)
	s.mu.Lock()
	if known := s.known(needs); known != nil {
		s.mu.Unlock()
		return known.(T), nil
	}
	s.needs, s.answer = needs, answer
	s.mu.Unlock()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	watched, settled := make(chan error, 1), make(chan error, 1)
	go func() { watched <- s.till.terminal.Watch(within, w) }()
	go func() { settled <- s.till.settled(within, w) }()
	s.shown()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.answer == answer {
			s.needs, s.answer = "", nil
		}
	}()
	for {
		select {
		case given := <-answer:
			return given.(T), nil
		case err := <-watched:
			if err != nil {
				return none, err
			}
			watched = nil
		case err := <-settled:
			if err == nil && ctx.Err() == nil {
				err = elsewhere()
			}
			if err != nil {
				return none, err
			}
			settled = nil
		case <-s.wake: // who has gone on with it elsewhere may have left
			if s.till.moved(ctx, w) {
				return none, elsewhere()
			}
		case <-ctx.Done():
			return none, fault.Wrap(ctx.Err(), fault.Unknown, "the till has not said yet how it goes on").Because(protocol.ReasonPending)
		}
	}
}
