package vendor

import (
	"context"
	"errors"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// sale is a withdrawal that waits for a native peer to pay it.
type sale struct {
	w      Withdrawal
	reader bool       // a card at our own reader pays it, and nobody else
	done   chan error // how the payment ended; nil: paid

	inLine bool  // another one is at the reader before it; this and what follows under the terminal's mu
	paying int   // payments that are under way
	why    error // of its end, which was found while one was
}

// sell waits until the wallet that selected has paid over a session, the
// withdrawal was aborted at the bank, or ctx ends.
func (t *Terminal) sell(ctx context.Context, w *Withdrawal, s Screen) (string, error) {
	if w.ReservePub.IsZero() { // no payer could show that it is theirs
		return "", fault.New(fault.Unsupported, "the bank does not say whose wallet has the withdrawal, so that none can pay over a session").
			Because("wallet-unknown").WithHint("take a plastic card; or abort the withdrawal, nothing was charged")
	}
	return t.wait(ctx, w, false, func() {
		s.Show(Event{Event: EventPay, Peer: t.reached(), Total: &w.Total, Reserve: w.ReservePub.String()})
	})
}

// wait has a withdrawal paid by a peer; open is called when one may. One withdrawal after the other is
// at the reader.
func (t *Terminal) wait(ctx context.Context, w *Withdrawal, reader bool, open func()) (string, error) {
	waits := &sale{w: *w, reader: reader, inLine: reader, done: make(chan error, 1)}
	leave := func() {}
	defer func() { leave() }() // last: the next one comes up when no card pays this one any more
	t.mu.Lock()
	t.selling[w.Reference()] = waits
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		delete(t.selling, w.Reference())
		t.mu.Unlock()
	}()
	open()
	followed, stop := context.WithCancel(ctx)
	defer stop()
	go t.follow(followed, waits)
	var turn chan<- struct{}
	if reader {
		turn = t.slot
	}
	for {
		select {
		case turn <- struct{}{}:
			turn, leave = nil, func() { <-t.slot }
			t.comesUp(waits)
		case err := <-waits.done:
			if err != nil {
				return "", err
			}
			return t.paidBefore(ctx, w)
		case <-ctx.Done():
			return "", fault.Wrap(ctx.Err(), fault.Unknown, "nobody has paid yet").Because(protocol.ReasonPending)
		}
	}
}

// comesUp has a sale be the one that is paid at the reader.
func (t *Terminal) comesUp(s *sale) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.inLine = false
}

// follow ends a sale that was aborted at the bank while it waited, or is paid there. A
// payment that is under way has its own end, and the bank's answer to its notice says
// what becomes of the money.
func (t *Terminal) follow(ctx context.Context, s *sale) {
	status, err := t.await(ctx, &s.w, taler.StateSelected, nil)
	if err != nil {
		return
	}
	if status.Status == taler.StateAborted {
		t.endSale(s, abortedUnpaid())
	} else if err := agreed(&s.w, status); err != nil {
		t.endSale(s, err)
	}
}

// lastLook is the last look at a sale before its card is charged: what the bank would not
// give any more ends it. What is refused after that, such as for the customer's limits, is
// no payment under way.
func (t *Terminal) lastLook(ctx context.Context, s *sale, x *controller.Transaction) error {
	err := t.stillAgreed(ctx, &s.w)
	if errors.Is(err, fault.Declined) {
		t.endSale(s, err)
	}
	if err == nil {
		err = t.notGivenUp(ctx, &s.w)
	}
	if err == nil {
		err = t.startPaying(s)
	}
	if err != nil {
		return err
	}
	once := sync.Once{}
	x.Leave = func(outcome error) { once.Do(func() { t.stopPaying(s, outcome) }) }
	return nil
}

// endSale ends a sale that is not being paid. One that is ends if the payment comes to
// nothing.
func (t *Terminal) endSale(s *sale, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s.why = why
	t.endUnlessPaying(s)
}

// Rechoose ends the wait of a withdrawal for somebody who pays, or in line at the reader, and its
// Chooser is asked once more how that is done. False: by these means it is waited for, nobody is
// waited for, or somebody is paying.
func (t *Terminal) Rechoose(w Withdrawal, by Means) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.selling[w.Reference()]
	if s == nil || s.why != nil || s.paying > 0 || by == (Means{Reader: s.reader}) {
		return false
	}
	s.why = fault.New(fault.Conflict, "it is paid by other means").Because(reasonRechosen)
	t.endUnlessPaying(s)
	return true
}

// reasonRechosen marks a wait that has ended because other means were chosen.
const reasonRechosen fault.Reason = "means-rechosen"

// stopPaying is the end of a payment that has gone on. Unless it has certainly paid nothing, the
// sale stays as one that is being paid: its own end says what became of the money.
func (t *Terminal) stopPaying(s *sale, outcome error) {
	if !fault.NothingHappened(outcome) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.paying--
	t.endUnlessPaying(s)
}

// endUnlessPaying ends a sale that is over and not being paid. The caller holds t.mu.
func (t *Terminal) endUnlessPaying(s *sale) {
	if s.why == nil || s.paying > 0 || t.selling[s.w.Reference()] != s {
		return
	}
	delete(t.selling, s.w.Reference())
	select {
	case s.done <- s.why:
	default: // a payment has ended, and said more
	}
}

// startPaying notes that a payment of the sale goes on to the provider, unless it was
// aborted meanwhile, or is being aborted.
func (t *Terminal) startPaying(s *sale) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.selling[s.w.Reference()] != s || s.inLine || t.aborting[s.w.Reference()] > 0 {
		return notForSale()
	}
	s.paying++
	return nil
}

// aborts begins the time in which no payment of a withdrawal goes on to the provider, for
// the bank is asked to abort it; what it returns ends it. nil: one is under way.
func (t *Terminal) aborts(reference string) (leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.selling[reference]; s != nil && s.paying > 0 {
		return nil
	}
	t.aborting[reference]++
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.aborting[reference]--; t.aborting[reference] == 0 {
			delete(t.aborting, reference)
		}
	}
}

func abortedUnpaid() error {
	return fault.New(fault.Declined, "the withdrawal was aborted at the bank before it was paid").Because(reasonAborted)
}

func notForSale() error {
	return fault.New(fault.NotFound, "no withdrawal of that WOPID waits for a payment here").Because(taler.ReasonUnknownOperation)
}

func (t *Terminal) sale(reference string) (*sale, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.selling[reference]
	if s == nil {
		return nil, notForSale()
	}
	return s, nil
}

// saleOf is the sale that an invoice asks for: by its WOPID, or by the groups of its wallet's key.
func (t *Terminal) saleOf(inv instrument.Invoice) (*sale, error) {
	if reference := inv[controller.InvoiceReference]; reference != "" {
		return t.sale(reference)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.selling {
		if !s.w.ReservePub.IsZero() && taler.KeyGroups(s.w.ReservePub) == inv[controller.InvoiceReserve] {
			return s, nil
		}
	}
	return nil, notForSale()
}
