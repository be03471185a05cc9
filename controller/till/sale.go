package till

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// What a withdrawal may need from the till's software.
const (
	needsAcceptance = "acceptance"  // of the quote, by the customer
	needsSameWallet = "same-wallet" // does the customer's wallet show these groups?
	needsPayment    = "payment"     // how do they pay?
)

// sale is a withdrawal that goes on. It is the vendor's Screen for it.
type sale struct {
	till   *Till
	record instrument.ID
	order  record
	ready  chan struct{} // closed when it can be shown, or has failed
	once   sync.Once
	wake   chan struct{} // ends a pause

	mu       sync.Mutex
	pay      Payment // chosen and not used yet
	quote    *vendor.Quote
	peer     string
	needs    string
	answer   chan any       // for what it needs
	heard    map[string]any // what was answered last, by what it needed
	busy     bool           // a card is charged, or may be
	stopping int            // how many requests are giving it up
	problem  *fault.Fault
}

func newSale(t *Till, id instrument.ID, r record, pay Payment) *sale {
	return &sale{
		till: t, record: id, order: r, pay: pay, ready: make(chan struct{}), wake: make(chan struct{}, 1), heard: map[string]any{},
	}
}

// lastPause is the longest between two attempts.
const lastPause = 30 * time.Second

// drive takes the withdrawal to its end. While the bank or the provider is away, or the
// bank refuses the terminal's login, it tries again. Any other problem stops the
// withdrawal and is shown; Resume goes on.
func (s *sale) drive(ctx context.Context) {
	defer s.shown()
	for pause := s.till.pause; ctx.Err() == nil; pause = min(2*pause, lastPause) {
		w, err := s.step(ctx)
		if w.Over() && !w.WOPID.IsZero() {
			s.till.forget(s, nil)
			return
		}
		if fault.ReasonOf(err) == reasonElsewhere {
			continue
		}
		s.fails(err)
		if ctx.Err() != nil {
			return
		}
		if s.neverWas(w, err) {
			s.till.terminal.Log().Warn("a withdrawal was not begun", "error", err)
			s.refuse(ctx)
			s.till.forget(s, nil)
			return
		}
		if !passes(err) && !vendor.RefusesLogin(err) {
			s.till.terminal.Log().Warn("a withdrawal has stopped", "withdrawal", w.ID, "error", err)
			s.till.forget(s, err)
			s.shown()
			s.till.oversee(ctx, s, w)
			return
		}
		s.shown()
		select {
		case <-time.After(pause):
		case <-s.wake:
			pause = s.till.pause
		case <-ctx.Done():
		}
	}
}

// step goes on from where the record is. A withdrawal that has ended says so.
func (s *sale) step(ctx context.Context) (vendor.Withdrawal, error) {
	t := s.till.terminal
	w, err := t.FindByRequest(ctx, s.order.RequestUID)
	switch {
	case err == nil && !w.WOPID.IsZero() && w.URI != "":
		w, err = t.Resume(ctx, w.WOPID, "", s)
	case err == nil || errors.Is(err, fault.NotFound):
		w, err = t.Withdraw(ctx, s.order.order(), s)
	}
	if now, missing := t.FindByRequest(context.WithoutCancel(ctx), s.order.RequestUID); missing == nil {
		if now.Over() && !w.Over() && !now.WOPID.IsZero() { // by another way than the one that failed, such as Abort
			s.Show(ending(now))
		}
		w = now
	}
	return w, err
}

// ending is the last event of a withdrawal that is over.
func ending(w vendor.Withdrawal) vendor.Event {
	if w.Status == taler.TerminalConfirmed {
		return vendor.Event{Event: vendor.EventConfirmed}
	}
	return vendor.Event{Event: vendor.EventAborted, Reason: w.Reason}
}

// passes reports whether trying again may help.
func passes(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Timeout, fault.Unknown, fault.Locked, fault.Conflict:
		return true
	}
	return false
}

// neverWas reports whether the bank certainly has no such withdrawal, because it has
// refused it or could not be reached. Then the software is told and may ask again. If only
// the bank's answer was lost, the bank may have it.
func (s *sale) neverWas(w vendor.Withdrawal, err error) bool {
	return err != nil && w.WOPID.IsZero() && (w.ID == "" || w.Over() || !passes(err))
}

// refuse closes the record of a withdrawal that the bank has not got.
func (s *sale) refuse(ctx context.Context) {
	err := s.till.change(ctx, s.record, func(status *string, _ *record) []Told {
		*status = statusEnded
		return nil
	})
	if err != nil {
		s.till.terminal.Log().Error("the record of a withdrawal that never was cannot be closed", "error", err)
	}
}

func (s *sale) fails(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy, s.needs, s.answer = false, "", nil
	s.problem = fault.From(err)
}

// shown lets the request that has begun the withdrawal return.
func (s *sale) shown() { s.once.Do(func() { close(s.ready) }) }

// hurry ends a pause.
func (s *sale) hurry() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// begun waits until there is something to show, but only for a limited time: a bank may be
// away for long.
func (s *sale) begun(ctx context.Context) (View, error) {
	within, cancel := context.WithTimeout(ctx, s.till.begins)
	defer cancel()
	select {
	case <-s.ready:
	case <-within.Done():
		return View{}, fault.Wrap(within.Err(), fault.Unknown, "the withdrawal is being begun").Because(protocol.ReasonPending).WithHint("send the same request again")
	}
	w, err := s.till.terminal.FindByRequest(ctx, s.order.RequestUID)
	s.mu.Lock()
	problem := s.problem
	s.mu.Unlock()
	if problem != nil && (err != nil || w.WOPID.IsZero()) {
		return View{}, problem
	}
	if err != nil {
		return View{}, err
	}
	return s.till.view(ctx, w, s), nil
}
