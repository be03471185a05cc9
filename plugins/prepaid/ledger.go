package prepaid

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// ledger is the vendor's view of an account.
type ledger struct {
	Account  string            `json:"account"` // the public key that signs for it
	Currency string            `json:"currency"`
	Holder   string            `json:"holder"` // the peer that opened it
	Key      key               `json:"key"`    // signs receipts
	Seq      uint64            `json:"seq"`
	Credited instrument.Amount `json:"credited"`
	Spent    instrument.Amount `json:"spent"`
	Refunded instrument.Amount `json:"refunded"`
	Balance  instrument.Amount `json:"balance"`
	marks
	Proof *proof `json:"proof,omitempty"` // of the highest counter
}

// proof is what the holder has signed. Anybody who knows the account's number can check it
// without the vendor.
type proof struct {
	order
	Signature []byte `json:"signature,omitempty"` // empty: prepaid.plain
}

func newLedger(account, currency, holder string, k key) ledger {
	zero := instrument.ZeroOf(currency)
	return ledger{Account: account, Currency: currency, Holder: holder, Key: k, Credited: zero, Spent: zero, Refunded: zero, Balance: zero}
}

// statement is what the account's holder is told.
func (l ledger) statement(now time.Time) statement {
	return statement{
		Account: l.Account, Seq: l.Seq, Credited: l.Credited, Spent: l.Spent, Refunded: l.Refunded, marks: l.marks, Time: now.Unix(),
	}
}

// receipt signs a statement; prepaid.plain does not.
func (l ledger) receipt(r receipt, signed bool, now time.Time) (receipt, error) {
	r.Statement, r.Key = l.statement(now), l.Key.public()
	if !signed {
		return r, nil
	}
	if l.Proof != nil && l.Proof.Signature != nil && l.Proof.Counter != r.Counter {
		r.Proof = l.Proof
	}
	text, err := r.text()
	if err != nil {
		return r, err
	}
	r.Signature, err = l.Key.sign(text)
	return r, err
}

// pay is the pure rule of a payment: each counter once, and no more than is in the account.
func (l *ledger) pay(p proof) error {
	if p.Amount.Currency != l.Currency {
		return fault.New(fault.Declined, "this account is kept in %s", l.Currency).Because("currency-differs")
	}
	if c, err := p.Spent.Cmp(l.Spent); err != nil || c > 0 {
		return fault.New(fault.Conflict, "the wallet has more payments of this account than are on record here").
			Because("account-differs").WithHint("was an old backup restored here? its operator has to look")
	}
	taken, err := l.take(p.Counter)
	if err != nil {
		return err
	}
	if c, err := p.Amount.Cmp(l.Balance); err != nil || c > 0 {
		return fault.New(fault.Declined, "%s is more than the %s in this account", p.Amount, l.Balance).
			Because("balance-too-small").WithHint("pay in first")
	}
	if l.Spent, err = l.Spent.Add(p.Amount); err != nil {
		return err
	}
	if p.Counter > l.High {
		l.Proof = &p
	}
	l.marks = taken
	return l.count()
}

// credit is the pure rule of a sum that is paid in.
func (l *ledger) credit(amount instrument.Amount) (err error) {
	if l.Credited, err = l.Credited.Add(amount); err != nil {
		return err
	}
	return l.count()
}

// refund is the pure rule of a sum that comes back from a payment.
func (l *ledger) refund(amount instrument.Amount) (err error) {
	if l.Refunded, err = l.Refunded.Add(amount); err != nil {
		return err
	}
	return l.count()
}

// count ends a change.
func (l *ledger) count() (err error) {
	l.Seq++
	l.Balance, err = l.statement(time.Time{}).balance()
	return err
}

// checkLedger is the class's own rule, which the host keeps whatever the protocol does: the
// sums only grow, and the balance follows from them and is never negative.
func checkLedger(before, after *instrument.Instance) error {
	var is ledger
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of an account").Because("account-malformed")
	}
	if _, err := publicKey(is.Account); err != nil || after.Keys[keyAccount] != is.Account || is.Key.public() == "" {
		return fault.New(fault.Invalid, "an account's number is the text of its key").Because("account-malformed")
	}
	if balance, err := is.statement(time.Time{}).balance(); err != nil || balance != is.Balance || balance.Currency != is.Currency {
		return fault.New(fault.Conflict, "the balance of an account is what its sums say, and not less than nothing").Because("balance-too-small")
	}
	if before == nil {
		return is.begins()
	}
	var was ledger
	if err := before.Decode(&was); err != nil {
		return err
	}
	return is.continues(was)
}

// begins refuses a new ledger that has something in it.
func (l ledger) begins() error {
	if l.Seq != 0 || !l.Credited.IsZero() || !l.Spent.IsZero() || !l.Refunded.IsZero() || l.High != 0 {
		return fault.New(fault.Invalid, "an account begins with nothing in it").Because("account-malformed")
	}
	return nil
}

// continues refuses what a ledger cannot become.
func (l ledger) continues(was ledger) error {
	if l.Key != was.Key || l.Currency != was.Currency || l.Holder != was.Holder {
		return fault.New(fault.Invalid, "an account cannot become another account").Because("account-changed")
	}
	if l.Seq <= was.Seq {
		return fault.New(fault.Conflict, "an account's changes are numbered upwards").Because("statement-differs")
	}
	if c, err := l.Refunded.Cmp(l.Spent); err != nil || c > 0 {
		return fault.New(fault.Conflict, "more was refunded than was spent").Because("refund-too-large")
	}
	return l.statement(time.Time{}).follows(was.statement(time.Time{}))
}
