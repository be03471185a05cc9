package bank

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// resume goes on with the notices that were not decided when the bank went down. It runs
// while the bank serves, because it reads all selected withdrawals and they may be many.
func (b *Bank) resume() {
	for b.life.Err() == nil {
		err := b.scan(b.life, string(taler.StateSelected), func(i instrument.Instance, w taler.Withdrawal) (bool, error) {
			if w.Undecided() {
				b.ask(i.ID, w)
			}
			return true, b.life.Err()
		}, b.passes)
		if err == nil {
			return
		}
		if b.life.Err() == nil {
			b.Log().Error("notices of earlier lives cannot be read", "error", err)
		}
		b.pause(b.cfg.Expiry.Every)
	}
}

// ask begins to ask the provider about a withdrawal, in the background, until its notice
// is decided. If that has begun already, the next question is asked at once. w is the
// withdrawal as it was read a moment ago, which is good enough for the first question.
func (b *Bank) ask(id instrument.ID, w taler.Withdrawal) {
	b.askAbout(id, ProviderTx(w.Provider, w.ProviderTransactionID), w, true)
}

// askAbout is ask about a payment, for which webhooks may wake it. If w was not read, it is read
// before the first question.
func (b *Bank) askAbout(id instrument.ID, payment string, w taler.Withdrawal, read bool) {
	b.pursue(id, payment, func() (done bool, err error) {
		if !read {
			if w, err = b.view(b.life, id); err != nil {
				return false, err
			}
		}
		read = false
		return b.verify(id, w)
	})
}

// heard is ask after a notice of a payment, if the notice was stored, whatever the terminal
// was told. If it was refused because it names a second payment, that payment is looked
// for, even if the withdrawal was aborted long ago.
func (b *Bank) heard(id instrument.ID, transaction string, refusal error) {
	if fault.ReasonOf(refusal) == taler.ReasonPaymentDiffers {
		b.hearSecond(id, transaction)
		return
	}
	if b.life.Err() != nil || refusal != nil && fault.ReasonOf(refusal) != taler.ReasonConfirmAbortConflict {
		return
	}
	w, err := b.view(b.life, id)
	if b.life.Err() != nil {
		return // the next life finds the notice
	}
	if err != nil {
		b.Log().Error("a notice was stored and cannot be read", "withdrawal", id, "error", err)
		if !isAltered(err) { // which nothing mends
			b.askAbout(id, "", w, false)
		}
		return
	}
	if w.State == taler.StateAborted && w.ProviderTransactionID != transaction {
		b.hearSecond(id, transaction)
	}
	if w.Undecided() {
		b.ask(id, w)
	}
}

// verify asks the provider once [8] and writes the verdict [9]. It holds nothing
// of the withdrawal while the provider is asked.
func (b *Bank) verify(id instrument.ID, w taler.Withdrawal) (done bool, err error) {
	if !w.Undecided() {
		return true, nil
	}
	at, provider, err := b.provider(b.life, w.Provider)
	if err != nil {
		return false, err
	}
	d := judged{withdrawal: id, state: w.State, notice: w.ProviderTransactionID, provider: provider}
	d.facts, err = b.facts(w, at)
	unknown := fault.ReasonOf(err) == reasonTransactionUnknown
	if unknown { // the provider may show the payment late, or the terminal may have named a wrong one
		d.facts, d.found, err = b.byReferenceAlone(w, at, provider)
	} else if err == nil && misnames(w, Judge(w, provider.Space, d.facts), d.facts) {
		err = b.insteadOf(&d, w, at)
	}
	if err != nil {
		return false, err
	}
	if d.found {
		w.ProviderTransactionID = d.facts.Transaction
	}
	verdict := Judge(w, provider.Space, d.facts)
	if verdict.Decision == Again {
		return false, b.markUnfound(id, w, unknown)
	}
	return b.decide(d, verdict)
}

// facts runs card.pay VERIFY, which only reads.
func (b *Bank) facts(w taler.Withdrawal, provider instrument.ID) (f protocol.Facts, err error) {
	err = b.card(b.lane(w), provider, OperationVerify, map[string]string{"transaction": w.ProviderTransactionID}, &f)
	return f, err
}

// card runs an operation of card.pay with a provider and reads its result. The slot bounds
// how many run at a time.
func (b *Bank) card(slot chan struct{}, provider instrument.ID, operation string, args, into any) error {
	self, err := b.self(b.life)
	if err != nil {
		return err
	}
	select {
	case slot <- struct{}{}:
		defer func() { <-slot }()
	case <-b.life.Done():
		return b.life.Err()
	}
	ctx, cancel := context.WithTimeout(b.life, b.cfg.Asking.Within)
	defer cancel()
	result, err := b.Execute(ctx, controller.Transaction{
		Principal: self, Protocol: ProtocolCard, Operation: operation, Class: ClassProvider,
		Instruments: []instrument.ID{provider}, Args: args, Within: b.cfg.Asking.Within,
	})
	if err := b.asked(provider, operation+fmt.Sprint(args), err); err != nil {
		return err
	}
	if err := json.Unmarshal(result.Value, into); err != nil {
		return fault.Wrap(err, fault.Internal, "the result of %s cannot be read", operation)
	}
	return nil
}

// slot bounds how many questions of a kind one provider is asked at a time.
func (b *Bank) slot(of string) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.slots[of] == nil {
		b.slots[of] = make(chan struct{}, b.cfg.Asking.AtOnce)
	}
	return b.slots[of]
}

// lane is the slot for questions about a withdrawal. If the provider has once said that it does
// not know the payment, the questions may go on for long, so they have a slot of their own: a
// terminal that makes notices up must not keep the payments of others waiting.
func (b *Bank) lane(w taler.Withdrawal) chan struct{} {
	if w.Unfound != 0 {
		return b.slot(w.Provider + " unfound")
	}
	return b.slot(w.Provider)
}

// judged says what a verdict is about.
type judged struct {
	withdrawal instrument.ID
	state      taler.State // in which the notice was judged
	notice     string      // the payment that it names
	provider   Provider
	facts      protocol.Facts
	found      bool // the payment was found by its reference, not named by the notice
}

// decide writes the verdict: the status, the claim on the provider's
// transaction, the row of the exchange's history and what is to be given back, in
// one commit. A payment that another withdrawal has claimed first aborts this one.
func (b *Bank) decide(d judged, v Verdict) (bool, error) {
	var given instrument.ID
	var wrote bool
	write := func(tx *instrument.Draft) (err error) {
		given, wrote, err = b.write(tx, d, v)
		return err
	}
	err := b.Instruments().Update(b.life, write)
	if fault.ReasonOf(err) == "provider_tx-taken" {
		if d.found { // no notice has named it
			return false, nil
		}
		v = Verdict{Decision: Abort, Reason: "the payment belongs to another withdrawal", Foreign: true}
		err = b.Instruments().Update(b.life, write)
	}
	if err != nil {
		return false, err
	}
	if !wrote { // decided by somebody else, or another payment was named: look again
		return false, nil
	}
	if v.Foreign {
		b.foreign.Add(1)
	}
	b.Log().Info("a withdrawal is decided", "withdrawal", d.withdrawal, "decision", v.Decision, "reason", v.Reason)
	if given != "" {
		b.giveBack(given)
	}
	return true, nil
}

func (b *Bank) write(tx *instrument.Draft, d judged, v Verdict) (given instrument.ID, wrote bool, err error) {
	i, err := tx.Get(d.withdrawal)
	if err != nil {
		return "", false, err
	}
	var w taler.Withdrawal
	if err := i.Decode(&w); err != nil {
		return "", false, err
	}
	if !w.Undecided() || w.State != d.state || w.ProviderTransactionID != d.notice {
		return "", false, nil // somebody else has decided, or another payment was named
	}
	if d.found {
		w.ProviderTransactionID, w.Misnamed = d.facts.Transaction, d.notice
	}
	w = decided(w, v, d.facts, b.Now().Unix())
	i.Status = string(w.State)
	if err := i.Encode(w); err != nil {
		return "", false, err
	}
	if v.Decision == Confirm {
		i.Keys[KeyProviderTx] = ProviderTx(w.Provider, w.ProviderTransactionID)
	}
	if err := tx.Put(i); err != nil {
		return "", false, err
	}
	if v.Decision == Confirm {
		row, err := historyRow(w, d.provider)
		if err != nil {
			return "", false, err
		}
		if err := tx.Append(topicOf(Incoming, w.Exchange), i.ID, row); err != nil {
			return "", false, err
		}
		if d.found { // where one payment was named wrongly, another may have been made
			if err := tx.Append(SecondNotices, i.ID, secondNotice{}); err != nil {
				return "", false, err
			}
		}
	}
	given, err = b.owe(tx, w, d.facts.Transaction, v)
	return given, true, err
}

// historyRow is the row that the exchange will read, except for its number. The strict
// reader checks it before it is written: a row that wirewatch refuses would block all
// rows after it. It is not checked again when it is sent.
func historyRow(w taler.Withdrawal, p Provider) (taler.IncomingTransaction, error) {
	w.Row = 1 // the number comes with the commit; any positive one passes the reader
	row, err := w.Incoming(debitAccount(w, p))
	row.RowID = 0
	return row, err
}
