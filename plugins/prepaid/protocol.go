package prepaid

import (
	"context"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// The protocols.
const (
	signedID = "prepaid.signed"
	plainID  = "prepaid.plain"
)

// The operations besides PAY and REFUND.
const (
	opOpen    = "OPEN"    // a wallet opens an account at a vendor
	opBalance = "BALANCE" // a wallet asks what is in it
	opCredit  = "CREDIT"  // a vendor books what was paid in
)

// variant is one of the two protocols as a party of one role has it.
type variant struct {
	role comm.Role
	id   string
}

func (v variant) signed() bool { return v.id == signedID }

// Info implements protocol.Protocol.
func (v variant) Info() protocol.Info {
	title := "Pay from a prepaid account, without signatures"
	if v.signed() {
		title = "Pay from a prepaid account"
	}
	return protocol.Info{ID: v.id, Title: title, Replay: 1, Plain: !v.signed()}
}

// CompatibleWith implements protocol.Protocol.
func (v variant) CompatibleWith(class instrument.ClassID) bool {
	return class == accountID || v.role == comm.Vendor && v.signed() && class == paymentID
}

// Operations implements protocol.Protocol. BALANCE changes nothing at the vendor;
// the wallet keeps the answer. CREDIT is the vendor's alone; a wallet's REFUND gives
// back what the vendor's controller lets go. OPEN says nothing of instruments: it makes
// an account, or goes on with one that is opening.
func (v variant) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	type view struct {
		role  comm.Role
		class instrument.ClassID
		peer  comm.Role
	}
	switch (view{v.role, class, peer}) {
	case view{comm.Client, accountID, comm.Vendor}:
		return []protocol.Operation{
			{Name: protocol.Pay, Messages: true, Instruments: protocol.WantsMain},
			{Name: opOpen, Messages: true},
			{Name: opBalance, Messages: true, Instruments: protocol.WantsMain},
			{Name: protocol.Refund, Messages: true, Instruments: protocol.WantsMain},
		}
	case view{comm.Vendor, accountID, comm.Client}:
		return []protocol.Operation{
			{Name: protocol.Pay, Messages: true}, {Name: opOpen, Messages: true}, {Name: opBalance, Messages: true, ReadOnly: true}, {Name: protocol.Refund, Messages: true},
		}
	case view{comm.Vendor, accountID, ""}:
		if v.signed() {
			return []protocol.Operation{{Name: opCredit, Instruments: protocol.WantsNone}}
		}
	case view{comm.Vendor, paymentID, ""}:
		if v.signed() {
			return []protocol.Operation{{Name: protocol.Refund}}
		}
	}
	return nil
}

// step is one side of one operation.
type step struct {
	side      protocol.Side
	operation string
}

// DoOperation implements protocol.Protocol.
func (v variant) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch (step{s.Side(), c.Operation}) {
	case step{protocol.Initiator, opOpen}:
		return v.open(ctx, s, c)
	case step{protocol.Servicer, opOpen}:
		return v.keep(ctx, s, c)
	case step{protocol.Initiator, protocol.Pay}:
		return v.pay(ctx, s, c)
	case step{protocol.Servicer, protocol.Pay}:
		return v.take(ctx, s, c)
	case step{protocol.Initiator, opBalance}:
		return v.ask(ctx, s, c)
	case step{protocol.Servicer, opBalance}:
		return v.tell(ctx, s)
	case step{protocol.Initiator, opCredit}:
		return credit(ctx, s, c)
	case step{protocol.Initiator, protocol.Refund}:
		if c.Class == paymentID {
			return giveBack(ctx, s, c)
		}
		return v.ask(ctx, s, c)
	case step{protocol.Servicer, protocol.Refund}:
		return v.giveBackTo(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s here", v.id, c.Operation).Because("operation-unknown")
}

// believe checks a vendor's receipt. The key is the one that the account was
// opened with; until then it is the receipt's own.
func (v variant) believe(r receipt, p purse) error {
	if p.Receipts != "" && r.Key != p.Receipts || r.Statement.Account != p.Account {
		return forged()
	}
	if !v.signed() {
		return nil
	}
	text, err := r.text()
	if err != nil || !verify(r.Key, text, r.Signature) {
		return forged()
	}
	return nil
}

func forged() error {
	return fault.New(fault.Unknown, "the vendor's receipt is not for this, or does not bear its signature").
		Because("receipt-differs").WithHint("ask for the BALANCE; the payment may have been made")
}

// holds refuses whoever does not prove to hold an account: by the account's
// signature, or in prepaid.plain by being the peer that opened it. One that was opened
// over a line in clear is used by whoever names it on such a line: there are no keys.
func (v variant) holds(s protocol.Session, l ledger, text, signature []byte) error {
	proved := l.Holder == s.Peer().Key
	if v.signed() {
		proved = verify(l.Account, text, signature)
	}
	if !proved {
		return fault.New(fault.Denied, "this was not signed by the holder of the account").Because("signature-wrong")
	}
	return nil
}

// change reads the purse, lets f change it and writes it with the status that
// the event leads to.
func change(ctx context.Context, s protocol.Session, id instrument.ID, event string, f func(*purse) error) error {
	return s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		if i.Class != accountID {
			return fault.New(fault.Invalid, "this is not a prepaid account").Because("class-differs")
		}
		if i.Status, err = next(i.Status, event); err != nil {
			return err
		}
		var p purse
		if err := i.Decode(&p); err != nil {
			return err
		}
		if p.VendorKey != s.Peer().Key {
			return p.elsewhere(s.Peer())
		}
		if err := f(&p); err != nil {
			return err
		}
		if err := i.Encode(&p); err != nil {
			return err
		}
		return tx.Put(i)
	})
}

// kept finds the ledger of an account.
func kept(tx instrument.Tx, number string) (i instrument.Instance, l ledger, err error) {
	id, err := tx.Find(accountID, keyAccount, number)
	if fault.KindOf(err) == fault.NotFound {
		return i, l, fault.New(fault.NotFound, "there is no such account here").Because("account-unknown")
	}
	if err != nil {
		return i, l, err
	}
	if i, err = tx.Get(id); err != nil {
		return i, l, err
	}
	err = i.Decode(&l)
	return i, l, err
}

func put(tx instrument.Tx, i instrument.Instance, state any) error {
	if err := i.Encode(state); err != nil {
		return err
	}
	return tx.Put(i)
}
