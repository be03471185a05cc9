package bank

import (
	"context"
	"encoding/json"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
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

// ask has the provider asked about a withdrawal until it is decided. If that is
// being done already, the next question is asked at once.
func (b *Bank) ask(id instrument.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if hurry, busy := b.asking[id]; busy {
		select {
		case hurry <- struct{}{}:
		default:
		}
		return
	}
	if b.life.Err() != nil {
		return
	}
	hurry := make(chan struct{}, 1)
	b.asking[id] = hurry
	b.work.Add(1)
	go func() {
		defer b.work.Done()
		b.follow(id, hurry)
		b.mu.Lock()
		delete(b.asking, id)
		b.mu.Unlock()
	}()
}

// follow asks at once, then after a pause that doubles.
func (b *Bank) follow(id instrument.ID, hurry <-chan struct{}) {
	for pause := b.cfg.Asking.First; ; pause = min(2*pause, b.cfg.Asking.Longest) {
		done, err := b.verify(id)
		if done || b.life.Err() != nil {
			return
		}
		if err != nil {
			b.Log().Warn("a payment could not be verified and will be asked for again", "withdrawal", id, "in", pause, "error", err)
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
		case <-hurry:
		case <-b.life.Done():
		}
		next.Stop()
	}
}

// verify asks the provider once [8] and writes the verdict [9]. It holds nothing
// of the withdrawal while the provider is asked.
func (b *Bank) verify(id instrument.ID) (done bool, err error) {
	w, err := b.view(b.life, id)
	if err != nil {
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
	if fault.ReasonOf(err) == "transaction-unknown" {
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
	self, err := b.self(b.life)
	if err != nil {
		return f, err
	}
	slot := b.slot(w.Provider)
	select {
	case slot <- struct{}{}:
		defer func() { <-slot }()
	case <-b.life.Done():
		return f, b.life.Err()
	}
	ctx, cancel := context.WithTimeout(b.life, b.cfg.Asking.Within)
	defer cancel()
	result, err := b.Execute(ctx, controller.Transaction{
		Principal: self, Protocol: protocolCard, Operation: operationVerify, Class: ClassProvider,
		Instruments: []instrument.ID{provider}, Args: map[string]string{"transaction": w.ProviderTransactionID},
		Within: b.cfg.Asking.Within,
	})
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(result.Value, &f); err != nil {
		return f, fault.Wrap(err, fault.Internal, "the facts of a payment cannot be read")
	}
	return f, nil
}

// slot bounds how many questions one provider is asked at a time.
func (b *Bank) slot(provider string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.slots[provider] == nil {
		b.slots[provider] = make(chan struct{}, b.cfg.Asking.AtOnce)
	}
	return b.slots[provider]
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
	if err != nil {
		return false, err
	}
	b.Log().Info("a withdrawal is decided", "withdrawal", d.withdrawal, "decision", v.Decision, "reason", v.Reason)
	return true, nil
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
	i.Keys["provider_tx"] = providerTx(w.Provider, d.transaction)
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
