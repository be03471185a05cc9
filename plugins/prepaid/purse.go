package prepaid

import (
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// purse is the wallet's view of an account. What may be outside is in Open.
type purse struct {
	Account   string            `json:"account"` // the public key: nobody else can open it
	Currency  string            `json:"currency"`
	Vendor    string            `json:"vendor"`      // what the vendor was called
	VendorKey string            `json:"vendor_key"`  // who it is
	Key       key               `json:"key"`         // signs payments
	Receipts  string            `json:"receipt_key"` // verifies receipts; empty until the account is open
	Counter   uint64            `json:"counter"`     // of the last payment that was signed
	Signed    instrument.Amount `json:"signed"`      // all that was ever signed for, refused or not
	Open      []intent          `json:"open,omitempty"`
	Statement statement         `json:"statement"` // the latest that is known
	Balance   instrument.Amount `json:"balance"`   // what can be spent now
	Last      *receipt          `json:"last,omitempty"`
	Behind    bool              `json:"behind,omitempty"` // another life of this wallet has paid: the BALANCE is wanted before the next payment
}

// intent is a payment that may have been made: its amount is held back.
type intent struct {
	Operation instrument.OperationID `json:"operation"`
	Counter   uint64                 `json:"counter"`
	Amount    instrument.Amount      `json:"amount"`
	Until     int64                  `json:"until"` // unix seconds: the vendor takes it no later
}

const (
	maxOpen = 128           // payments under way on one account
	grace   = int64(5 * 60) // how long after its offer a payment may still be at work at the vendor
)

// newPurse is an account that is being opened.
func newPurse(k key, currency, vendor, vendorKey string) purse {
	zero := instrument.ZeroOf(currency)
	return purse{
		Account: k.public(), Currency: currency, Vendor: vendor, VendorKey: vendorKey, Key: k, Signed: zero, Balance: zero,
		Statement: statement{Account: k.public(), Credited: zero, Spent: zero, Refunded: zero},
	}
}

// intend is the pure rule of a payment that begins: the next counter is used up,
// and what it may cost is held back.
func (p *purse) intend(op instrument.OperationID, amount instrument.Amount, until time.Time) (order, error) {
	if p.Behind {
		return order{}, fault.New(fault.Conflict, "the vendor knows of payments of this account that this wallet does not: it is older than they are").
			Because("account-behind").WithHint("ask for the BALANCE, then pay")
	}
	if c, err := amount.Cmp(p.Balance); err != nil || c > 0 {
		return order{}, fault.New(fault.Declined, "%s is more than the %s that can be spent from this account", amount, p.Balance).
			Because("balance-too-small").WithHint("pay in first")
	}
	if len(p.Open) >= maxOpen || len(p.Open) > 0 && p.Counter+1-p.Open[0].Counter >= window {
		return order{}, fault.New(fault.Conflict, "too many payments of this account are open").Because("payments-open").
			WithHint("wait until those have ended")
	}
	signed, err := p.Signed.Add(amount)
	if err != nil {
		return order{}, err
	}
	p.Counter, p.Signed = p.Counter+1, signed
	p.Open = append(p.Open, intent{Operation: op, Counter: p.Counter, Amount: amount, Until: until.Unix()})
	o := order{Account: p.Account, Operation: op, Amount: amount, Counter: p.Counter, Spent: p.Statement.Spent}
	return o, p.count()
}

// release is the pure rule of a payment that was refused for good or is in the statement. If
// its counter was used by somebody else, this purse is behind.
func (p *purse) release(op instrument.OperationID, refusal error) error {
	p.Behind = p.Behind || fault.ReasonOf(refusal) == "counter-reused"
	p.Open = slices.DeleteFunc(p.Open, func(i intent) bool { return i.Operation == op })
	return p.count()
}

// settle is the pure rule of a payment that was made: its receipt proves that, whatever else
// the statement says. A statement that is not believed is asked for again before the next
// payment; until then the sum that was paid stays held back.
func (p *purse) settle(r receipt) error {
	p.Last = &r
	if err := p.learn(r.Statement, r.Proof); err != nil {
		p.Behind = true
		return p.count()
	}
	return p.release(r.Payment, nil)
}

// learn is the pure rule of a statement, which comes with what the holder has signed last. A
// statement older than the known one says nothing new. A newer one settles the open payments
// that it includes, and those that the vendor has not taken in time and therefore never will.
// If it is ahead of a purse that comes from a backup, the purse catches up.
func (p *purse) learn(s statement, shown *proof) error {
	if s.Seq < p.Statement.Seq {
		return nil
	}
	if p.ahead(s, shown) {
		p.Counter = max(p.Counter, s.High)
		if c, err := s.Spent.Cmp(p.Signed); err == nil && c > 0 {
			p.Signed = s.Spent
		}
	}
	if err := p.believes(s); err != nil {
		return err
	}
	p.Statement, p.Behind = s, false
	p.Open = slices.DeleteFunc(p.Open, func(i intent) bool { return s.includes(i.Counter) || s.Time > i.Until+grace })
	return p.count()
}

// ahead reports whether this wallet has made payments, before a restore, that it does not know
// of now. Only its own signature over a counter or a sum beyond ours proves that. No vendor can
// make such a signature, so none can claim payments that nobody has signed.
func (p *purse) ahead(s statement, shown *proof) bool {
	if shown == nil || shown.Account != p.Account || shown.Counter != s.High {
		return false
	}
	text, err := shown.text()
	if err != nil || !verify(p.Account, text, shown.Signature) {
		return false
	}
	sum, err := shown.Spent.Add(shown.Amount)
	if err != nil {
		return false
	}
	c, err := sum.Cmp(p.Signed)
	return shown.Counter > p.Counter || err == nil && c > 0
}

// believes refuses a statement that cannot be true: it takes back what an earlier one said,
// or says that more was spent than was ever signed for.
func (p *purse) believes(s statement) error {
	_, err := s.balance()
	if err == nil {
		err = s.follows(p.Statement)
	}
	if c, differs := s.Spent.Cmp(p.Signed); err == nil && (differs != nil || c > 0 || s.High > p.Counter) {
		err = fault.New(fault.Invalid, "more was spent than was signed for").Because("statement-differs")
	}
	if err != nil {
		return fault.Wrap(err, fault.Unknown, "the vendor's statement of this account cannot be true").Because("statement-differs").
			WithHint("ask the vendor; the signed receipts are in your operations")
	}
	return nil
}

// count computes what can be spent: the vendor's balance minus the open payments, which the
// vendor has not booked yet.
func (p *purse) count() error {
	balance, err := p.Statement.balance()
	if err != nil {
		return err
	}
	held := instrument.ZeroOf(p.Currency)
	for _, i := range p.Open {
		if held, err = held.Add(i.Amount); err != nil {
			return err
		}
	}
	if p.Balance, err = balance.Sub(held); err != nil {
		p.Balance = instrument.ZeroOf(p.Currency)
	}
	return nil
}

// elsewhere refuses a peer that is not the one with which the account was opened. On a line in
// clear nobody proves who they are. So an account that was opened there, which has no key of
// its vendor, is not used on other lines, where anybody may say that they are the vendor; and
// an account with a key is not used on a line in clear.
func (p purse) elsewhere(peer comm.Peer) error {
	var f *fault.Fault
	switch {
	case p.VendorKey == "":
		f = fault.New(fault.Invalid, "this account was opened over a line in clear, where nobody has a key: that %s keeps it cannot be proved on this line", peer.Name).
			WithHint("pay from it over the line in clear; for this one open another account")
	case peer.Key == "":
		f = fault.New(fault.Invalid, "this account is kept by %s, who has proved a key; on this line in clear nobody can", p.Vendor).
			WithHint("reach %s over a line with TLS; for this one open another account", p.Vendor)
	case p.Vendor == peer.Name:
		f = fault.New(fault.Invalid, "this account is kept by another %s, who has another key than this one", p.Vendor).
			WithHint("compare their keys in `wallet peer list`; each has accounts of its own")
	default:
		f = fault.New(fault.Invalid, "this account is kept by %s, not by %s", p.Vendor, peer.Name).WithHint("name another account, or open one there")
	}
	return f.Because("account-elsewhere")
}

// checkPurse is the class's own rule, kept by the host whatever the protocol does.
func checkPurse(before, after *instrument.Instance) error {
	var is purse
	if err := after.Decode(&is); err != nil {
		return fault.Wrap(err, fault.Invalid, "this is not the state of an account").Because("account-malformed")
	}
	if public := is.Key.public(); public == "" || is.Account != public || after.Keys[keyAccount] != public {
		return fault.New(fault.Invalid, "an account is opened with its vendor, it is not written by hand").Because("account-malformed")
	}
	counted := is
	if err := counted.count(); err != nil || counted.Balance != is.Balance {
		return fault.New(fault.Invalid, "what can be spent of this account is not what its sums say").Because("account-malformed")
	}
	if after.Status == removed && (!is.Balance.IsZero() || len(is.Open) > 0) {
		return fault.New(fault.Conflict, "there is %s in this account", is.Balance).Because("account-not-empty").WithHint("spend it first")
	}
	if before == nil {
		return nil
	}
	var was purse
	if err := before.Decode(&was); err != nil {
		return err
	}
	return is.continues(was)
}

// continues refuses what a purse cannot become.
func (p purse) continues(was purse) error {
	switch {
	case p.Account != was.Account, p.Currency != was.Currency, p.VendorKey != was.VendorKey, was.Receipts != "" && p.Receipts != was.Receipts:
		return fault.New(fault.Invalid, "an account cannot become another account").Because("account-changed")
	case p.Counter < was.Counter:
		return fault.New(fault.Conflict, "the counter of an account cannot go back").Because("counter-reused")
	case p.Statement.Seq < was.Statement.Seq:
		return fault.New(fault.Conflict, "the statement of an account cannot go back").Because("statement-differs")
	case p.Counter == was.Counter, p.Counter == p.Statement.High && p.Statement.Seq > was.Statement.Seq: // which is caught up with
		return nil
	}
	last := p.Open
	if len(last) > 0 {
		last = last[len(last)-1:]
	}
	left, err := was.Balance, error(nil)
	for _, i := range last {
		left, err = was.Balance.Sub(i.Amount)
	}
	if err != nil || len(last) == 0 || last[0].Counter != p.Counter || p.Counter != was.Counter+1 || left != p.Balance {
		return fault.New(fault.Conflict, "a payment is held back from what can be spent").Because("balance-too-small")
	}
	return nil
}
