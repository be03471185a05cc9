package bank

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// errand is what has to be got from a provider, and is tried until it is done.
type errand struct {
	hurry    chan struct{} // somebody who may has asked to try at once
	nudge    chan struct{} // anybody has said that it may be time
	payments []string      // that it is about, as webhooks name them; Bank.mu guards them
}

// pursue tries until it is done. If that is under way already, the next attempt
// is made at once. The payment names the errand for webhooks, if it is one about
// a payment.
func (b *Bank) pursue(id instrument.ID, payment string, try func() (done bool, err error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, busy := b.asking[id]; busy {
		b.isAbout(e, payment)
		ring(e.hurry)
		return
	}
	if b.idle() {
		return
	}
	e := &errand{hurry: make(chan struct{}, 1), nudge: make(chan struct{}, 1)}
	b.asking[id] = e
	b.isAbout(e, payment)
	b.work.Go(func() {
		b.follow(id, e, try)
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.asking, id)
		b.isOver(e)
	})
}

// isAbout has webhooks about a payment wake an errand, and isOver none any more. It
// is not the only one of the payment if tills mix up what they give notice of. The
// caller holds b.mu.
func (b *Bank) isAbout(e *errand, payment string) {
	if payment == "" || slices.Contains(e.payments, payment) {
		return
	}
	e.payments = append(e.payments, payment)
	b.paid[payment] = append(b.paid[payment], e)
}

func (b *Bank) isOver(e *errand) {
	for _, payment := range e.payments {
		left := slices.DeleteFunc(b.paid[payment], func(of *errand) bool { return of == e })
		if b.paid[payment] = left; len(left) == 0 {
			delete(b.paid, payment)
		}
	}
}

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// follow tries at once, then after a pause that doubles.
func (b *Bank) follow(id instrument.ID, e *errand, try func() (bool, error)) {
	for pause := b.cfg.Asking.First; ; pause = min(2*pause, b.cfg.Asking.Longest) {
		done, err := try()
		if done || b.life.Err() != nil {
			return
		}
		wait := taler.Spread(pause, rand.Float64())
		if err != nil && !isUnanswered(err) {
			b.Log().Warn("a provider has not done its part and will be asked again", "instrument", id, "in", wait, "error", err)
		}
		b.rests(wait, e)
	}
}

// rests waits until the next attempt is due. A nudge makes it due soon and not at
// once, and only the first one does: who sends many has no more of it.
func (b *Bank) rests(wait time.Duration, e *errand) {
	next := time.NewTimer(wait)
	defer next.Stop()
	select {
	case <-next.C:
		return
	case <-e.hurry:
		return
	case <-b.life.Done():
		return
	case <-e.nudge:
	}
	soon := time.NewTimer(min(wait, b.cfg.Asking.Woken))
	defer soon.Stop()
	select {
	case <-next.C:
	case <-soon.C:
	case <-e.hurry:
	case <-b.life.Done():
	}
}

// Wake says that something may be new about a payment at a provider, as a webhook
// does. Nothing of it is believed: if the bank waits for that payment, it asks
// the provider soon.
func (b *Bank) Wake(provider, transaction string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.paid[ProviderTx(provider, transaction)] {
		ring(e.nudge)
	}
}

// background runs until the bank rests.
func (b *Bank) background(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.idle() {
		return
	}
	b.work.Go(func() {
		do()
	})
}
