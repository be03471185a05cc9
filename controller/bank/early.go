package bank

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// early is a question about a payment whose notice is not stored yet. A nil one was not
// asked. After a crash in the middle the terminal has no answer, and sends the notice again.
type early struct {
	b           *Bank
	withdrawal  instrument.ID
	transaction string
	provider    Provider
	said        chan struct{} // closed when what follows is there
	facts       protocol.Facts
	err         error
}

// askEarly asks about the first notice of a withdrawal. It takes no turn from questions about
// what is stored, and waits for none: a terminal whose notices are refused can ask as often as it likes.
func (b *Bank) askEarly(ctx context.Context, id instrument.ID, transaction string) *early {
	if b.cfg.Asking.Early < 0 {
		return nil
	}
	w, err := b.view(ctx, id)
	if err != nil || w.State != taler.StateSelected || w.ProviderTransactionID != "" {
		return nil
	}
	at, provider, err := b.provider(b.life, w.Provider)
	if err != nil {
		return nil
	}
	slot := b.slot(w.Provider + " early")
	select {
	case slot <- struct{}{}:
	default:
		return nil
	}
	q := &early{b: b, withdrawal: id, transaction: transaction, provider: provider, said: make(chan struct{})}
	if !b.beginEarly(id) {
		<-slot
		return nil
	}
	go func() {
		defer b.work.Done()
		q.err = b.cardNow(at, OperationVerify, about(transaction), &q.facts)
		<-slot
		b.endEarly(id)
		close(q.said)
	}()
	return q
}

// beginEarly lets one question about a withdrawal be asked at a time: of the payments that many
// notices name at once one will be taken.
func (b *Bank) beginEarly(id instrument.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.idle() || b.early[id] {
		return false
	}
	b.early[id] = true
	b.work.Add(1)
	return true
}

func (b *Bank) endEarly(id instrument.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.early, id)
}

// soon waits a moment for the answer, and reports whether there is one.
func (q *early) soon(ctx context.Context) bool {
	if q == nil {
		return false
	}
	over := time.NewTimer(q.b.cfg.Asking.Early)
	defer over.Stop()
	select {
	case <-q.said:
		return q.err == nil
	case <-over.C:
	case <-ctx.Done():
	}
	return false
}

// about reports whether the question is about the payment that a withdrawal names.
func (q *early) about(w taler.Withdrawal) bool {
	return q != nil && q.transaction == w.ProviderTransactionID
}

// answer waits for it as long as the bank lives.
func (q *early) answer() (protocol.Facts, error) {
	select {
	case <-q.said:
		return q.facts, q.err
	case <-q.b.life.Done():
		return protocol.Facts{}, q.b.life.Err()
	}
}

// decide writes the verdict into the change that stores the notice, where it is a plain yes.
// Any other verdict is found once more after that: what ends a withdrawal without money, or
// gives some back, has time.
func (q *early) decide(tx *instrument.Draft) error {
	i, err := tx.Look(q.withdrawal)
	if err != nil {
		return err
	}
	var w taler.Withdrawal
	if err := i.Decode(&w); err != nil {
		return err
	}
	v := Judge(w, q.provider.Space, q.facts)
	if w.State != taler.StateSelected || !w.Undecided() || !q.about(w) || v != (Verdict{Decision: Confirm}) {
		return nil
	}
	d := judged{withdrawal: q.withdrawal, state: w.State, notice: q.transaction, provider: q.provider, facts: q.facts}
	if _, _, err := q.b.write(tx, d, v); err != nil {
		return err
	}
	q.b.Log().Info("a withdrawal is decided with the notice of its payment", "withdrawal", q.withdrawal, "decision", v.Decision)
	return nil
}
