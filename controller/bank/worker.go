package bank

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Pauses between two questions about one payment.
const (
	firstPause = time.Second
	longest    = 5 * time.Minute
)

// resume takes up the notices that were not decided when the bank went down.
func (b *Bank) resume(ctx context.Context) error {
	open, err := b.Instruments().List(ctx, instrument.Filter{Class: ClassWithdrawal, Status: string(taler.StateSelected)})
	if err != nil {
		return err
	}
	for _, i := range open {
		var w taler.Withdrawal
		if err := i.Decode(&w); err != nil {
			return err
		}
		if w.ProviderTransactionID != "" {
			b.ask(i.ID)
		}
	}
	return nil
}

// ask has the provider asked about a withdrawal until it is decided, unless
// that is being done already.
func (b *Bank) ask(id instrument.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.asking[id] || b.life.Err() != nil {
		return
	}
	b.asking[id] = true
	b.work.Add(1)
	go func() {
		defer b.work.Done()
		b.follow(id)
		b.mu.Lock()
		delete(b.asking, id)
		b.mu.Unlock()
	}()
}

// follow asks at once, then after a second, doubling.
func (b *Bank) follow(id instrument.ID) {
	for pause := firstPause; ; pause = min(2*pause, longest) {
		done, err := b.verify(id)
		if err != nil {
			b.Log().Warn("a payment could not be verified and will be asked for again", "withdrawal", id, "in", pause, "error", err)
		}
		if done {
			return
		}
		select {
		case <-time.After(pause):
		case <-b.life.Done():
			return
		}
	}
}

// verify asks the provider once [8] and writes the verdict [9]. It holds nothing
// of the withdrawal while the provider is asked.
func (b *Bank) verify(id instrument.ID) (done bool, err error) {
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-b.life.Done():
		return false, nil
	}
	i, err := b.Instruments().View(b.life, id)
	if err != nil {
		return false, err
	}
	var w taler.Withdrawal
	if err := i.Decode(&w); err != nil {
		return false, err
	}
	if w.State != taler.StateSelected || w.ProviderTransactionID == "" {
		return true, nil
	}
	at, provider, err := b.provider(b.life, w.Provider)
	if err != nil {
		return false, err
	}
	facts, err := b.facts(w, at)
	if errors.Is(err, fault.NotFound) {
		facts, err = protocol.Facts{State: protocol.FactPending}, nil // a provider may show a payment late
	}
	if err != nil {
		return false, err
	}
	verdict := Judge(w, facts)
	if verdict.Decision == Again {
		return false, nil
	}
	return b.decide(decision{id, w.ProviderTransactionID, provider, facts.Raw}, verdict)
}

// facts runs card.pay VERIFY, which only reads.
func (b *Bank) facts(w taler.Withdrawal, provider instrument.ID) (protocol.Facts, error) {
	var f protocol.Facts
	self, err := b.Own(b.life)
	if err != nil {
		return f, err
	}
	ctx, cancel := context.WithTimeout(b.life, time.Minute)
	defer cancel()
	result, err := b.Execute(ctx, controller.Transaction{
		Principal: self, Protocol: protocolCard, Operation: operationVerify, Class: ClassProvider,
		Instruments: []instrument.ID{provider}, Args: map[string]string{"transaction": w.ProviderTransactionID},
	})
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(result.Value, &f); err != nil {
		return f, fault.Wrap(err, fault.Internal, "the facts of a payment cannot be read")
	}
	return f, nil
}

// decision is what a verdict is about.
type decision struct {
	withdrawal  instrument.ID
	transaction string // the notice that was judged
	provider    Provider
	proof       json.RawMessage
}

// decide writes the verdict: the status, the claim on the provider's
// transaction and the row of the exchange's history in one commit. A payment
// that another withdrawal has claimed first aborts this one.
func (b *Bank) decide(d decision, v Verdict) (bool, error) {
	write := func(tx *instrument.Draft) error { return b.write(tx, d, v) }
	err := b.Instruments().Update(b.life, write)
	if fault.ReasonOf(err) == "provider_tx-taken" {
		v = Verdict{Abort, "the payment belongs to another withdrawal"}
		err = b.Instruments().Update(b.life, write)
	}
	return err == nil, err
}

func (b *Bank) write(tx *instrument.Draft, d decision, v Verdict) error {
	i, err := tx.Get(d.withdrawal)
	if err != nil {
		return err
	}
	var w taler.Withdrawal
	if err := i.Decode(&w); err != nil {
		return err
	}
	if w.State != taler.StateSelected || w.ProviderTransactionID != d.transaction {
		return nil // somebody else has decided
	}
	w = decided(w, v, d.proof, b.Now().Unix())
	i.Status = string(w.State)
	if err := i.Encode(w); err != nil {
		return err
	}
	if v.Decision != Confirm {
		return tx.Put(i)
	}
	i.Keys["provider_tx"] = w.Provider + "/" + d.transaction
	if err := tx.Put(i); err != nil {
		return err
	}
	row, err := historyRow(w, d.provider)
	if err != nil {
		return err
	}
	return tx.Append(Incoming, i.ID, row)
}

// historyRow is what the exchange will read. The strict reader has looked at it
// before it is written: a row that wirewatch refuses would block all that come
// after it.
func historyRow(w taler.Withdrawal, p Provider) (taler.IncomingTransaction, error) {
	w.Row = 1 // the number comes with the commit; any positive one passes the reader
	row, err := w.Incoming(debitAccount(w, p))
	row.RowID = 0
	return row, err
}

// debitAccount names the card payment as the sender's account, so that a refund
// finds its way back to it.
func debitAccount(w taler.Withdrawal, p Provider) taler.Payto {
	return taler.Payto("payto://" + p.WireType() + "/" + url.PathEscape(w.ProviderTransactionID) + "?receiver-name=Card%20payment")
}
