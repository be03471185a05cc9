package prepaid

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// sends lets the wallet's message be changed on its way, as its holder or
// somebody in between would.
func (h *house) sends(f func(*transfer, comm.Execute)) {
	h.Wire.OnFrame(func(fr protocoltest.Frame) protocoltest.Fate {
		if fr.Execute != nil && len(fr.Execute.Msgs) > 0 {
			var m transfer
			_ = json.Unmarshal(fr.Execute.Msgs[0].Body, &m)
			f(&m, *fr.Execute)
			fr.Execute.Msgs[0].Body = raw(m)
		}
		return protocoltest.Deliver
	})
}

// signs is a message that the holder of the account has signed.
func (h *house) signs(id instrument.ID, m *transfer, e comm.Execute, offer string) {
	o := order{Account: m.Account, Offer: offer, Operation: instrument.OperationID(e.Op), Amount: m.Amount, Counter: m.Counter, Spent: m.Spent}
	text, _ := o.text()
	m.Signature, _ = h.purse(id).Key.sign(text)
}

func TestVendorRefusesWhatTheHolderDidNotSign(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(h *house, m *transfer, e comm.Execute)
		kind   fault.Kind
		reason fault.Reason
	}{
		{"another amount", func(_ *house, m *transfer, _ comm.Execute) { m.Amount = sum("CHF:0.5") }, fault.Declined, "amount-differs"},
		{"another counter", func(_ *house, m *transfer, _ comm.Execute) { m.Counter++ }, fault.Denied, "signature-wrong"},
		{"another total", func(_ *house, m *transfer, _ comm.Execute) { m.Spent = sum("CHF:0") }, fault.Denied, "signature-wrong"},
		{"a flipped bit", func(_ *house, m *transfer, _ comm.Execute) { m.Signature[7] ^= 1 }, fault.Denied, "signature-wrong"},
		{"no signature", func(_ *house, m *transfer, _ comm.Execute) { m.Signature = nil }, fault.Denied, "signature-wrong"},
		{"somebody else's account", func(h *house, m *transfer, _ comm.Execute) {
			m.Account = h.purse(h.charged("CHF:50")).Account
		}, fault.Denied, "signature-wrong"},
		{"somebody else's key", func(h *house, m *transfer, e comm.Execute) {
			h.signs(h.open(), m, e, "offer-2")
		}, fault.Denied, "signature-wrong"},
		{"an account of nobody", func(_ *house, m *transfer, _ comm.Execute) { m.Account = newKey(make([]byte, 32)).public() }, fault.NotFound, "account-unknown"},
		{"another offer", func(h *house, m *transfer, e comm.Execute) { h.signs(h.mine(), m, e, "offer-9") }, fault.Denied, "signature-wrong"},
		{"another operation", func(h *house, m *transfer, e comm.Execute) {
			e.Op = "00000000000000000000000000000000"
			h.signs(h.mine(), m, e, "offer-2")
		}, fault.Denied, "signature-wrong"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			if _, err := h.pay(at, "CHF:1"); err != nil {
				t.Fatal(err)
			}
			before := h.ledger(at)
			busy := false
			h.sends(func(m *transfer, e comm.Execute) {
				if !busy { // what is opened on the way is not changed
					busy = true
					row.spoil(h, m, e)
				}
			})
			_, err := h.pay(at, "CHF:2")
			wantFault(t, err, row.kind, row.reason)
			h.Wire.OnFrame(nil)
			if l := h.ledger(at); l.Seq != before.Seq || l.Balance != before.Balance || l.High != before.High {
				t.Errorf("the account became %+v", l)
			}
			if p := h.purse(at); len(p.Open) > 0 || p.Balance != sum("CHF:9") {
				t.Errorf("the purse holds %+v", p)
			}
			h.conserved(at)
		})
	}
}

// mine is the account that the vendor knew first.
func (h *house) mine() instrument.ID {
	all, err := h.Initiator.Instruments.List(h.t.Context(), instrument.Filter{Class: accountID, Status: active})
	if err != nil || len(all) != 1 {
		h.t.Fatal(all, err)
	}
	return all[0].ID
}

// The holder itself signs what it may not: it is the vendor's money then.
func TestVendorRefusesWhatTheHolderMayNotSign(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(*transfer)
		kind   fault.Kind
		reason fault.Reason
	}{
		{"a counter that was used", func(m *transfer) { m.Counter = 1 }, fault.Conflict, "counter-reused"},
		{"the counter 0, which asks for the statement", func(m *transfer) { m.Counter = 0 }, fault.Denied, "signature-wrong"},
		{"a total that is not on record", func(m *transfer) { m.Spent = sum("CHF:3") }, fault.Conflict, "account-differs"},
		{"a total in another currency", func(m *transfer) { m.Spent = sum("EUR:1") }, fault.Conflict, "account-differs"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			if _, err := h.pay(at, "CHF:1"); err != nil {
				t.Fatal(err)
			}
			h.sends(func(m *transfer, e comm.Execute) {
				row.spoil(m)
				h.signs(at, m, e, "offer-2")
			})
			_, err := h.pay(at, "CHF:2")
			wantFault(t, err, row.kind, row.reason)
			h.conserved(at)
		})
	}
}

// A wallet that says it has more than there is gets no further than the vendor.
func TestTheVendorsBalanceCounts(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	restored := h.Initiator.View(t, at) // a backup
	if _, err := h.pay(at, "CHF:8"); err != nil {
		t.Fatal(err)
	}
	h.sends(func(m *transfer, e comm.Execute) {
		var old purse
		_ = restored.Decode(&old)
		m.Amount, m.Spent, m.Counter = sum("CHF:2"), old.Statement.Spent, 2
		h.signs(at, m, e, "offer-2")
	})
	if _, err := h.pay(at, "CHF:2"); err != nil {
		t.Fatal(err)
	}
	h.Wire.OnFrame(nil)
	other := h.charged("CHF:10") // of the same wallet; its money is another's
	h.sends(func(m *transfer, e comm.Execute) {
		m.Account, m.Counter, m.Spent = h.purse(at).Account, 3, sum("CHF:10")
		h.signs(at, m, e, "offer-3")
	})
	_, err := h.pay(other, "CHF:1")
	wantFault(t, err, fault.Declined, "balance-too-small")
	h.conserved(at)
}

func TestPlainNeedsItsLineAndItsPeer(t *testing.T) {
	at := func(h *house) instrument.ID {
		id := h.charged("CHF:10")
		h.id = plainID
		return id
	}
	t.Run("another line", func(t *testing.T) {
		h := openHouse(t)
		id := at(h)
		for _, address := range []string{"wss://shop.example/#K", "unix:/run/shop", "serial:/dev/ttyS0", ""} {
			h.Servicer.Self.Addresses = []string{address}
			_, err := h.pay(id, "CHF:1")
			wantFault(t, err, fault.Denied, "line-not-clear")
			_, err = h.ask(opBalance, id, nil)
			wantFault(t, err, fault.Denied, "line-not-clear")
		}
		h.Servicer.Self.Addresses = nil
		_, err := h.pay(id, "CHF:1")
		wantFault(t, err, fault.Denied, "line-not-clear")
		h.Servicer.Self.Addresses = []string{"serial-clear:/dev/ttyS0"}
		if _, err := h.pay(id, "CHF:1"); err != nil {
			t.Error(err)
		}
	})
	t.Run("a large sum", func(t *testing.T) {
		h := openHouse(t)
		id := at(h)
		_, err := h.pay(id, "CHF:5.01")
		wantFault(t, err, fault.Denied, "line-not-clear")
		if _, err := h.pay(id, "CHF:5"); err != nil {
			t.Error(err)
		}
	})
	t.Run("another peer", func(t *testing.T) {
		h := openHouse(t)
		id := at(h)
		h.Initiator.Self.Key = "somebody else"
		_, err := h.pay(id, "CHF:1")
		wantFault(t, err, fault.Denied, "signature-wrong")
		_, err = h.ask(opBalance, id, nil)
		wantFault(t, err, fault.Denied, "signature-wrong")
		h.conserved(id)
	})
	t.Run("no peer at all", func(t *testing.T) {
		h := openHouse(t)
		id := at(h)
		h.Initiator.Self.Key = ""
		_, err := h.pay(id, "CHF:1")
		wantFault(t, err, fault.Denied, "signature-wrong")
		h.conserved(id)
	})
	t.Run("an account that was opened by nobody", func(t *testing.T) {
		h := openHouse(t)
		h.Initiator.Self.Key = ""
		id := at(h)
		if _, err := h.pay(id, "CHF:1"); err != nil {
			t.Error(err)
		}
		h.Initiator.Self.Key = "somebody"
		_, err := h.pay(id, "CHF:1")
		wantFault(t, err, fault.Denied, "signature-wrong")
		h.conserved(id)
	})
	t.Run("a used counter", func(t *testing.T) {
		h := openHouse(t)
		id := at(h)
		if _, err := h.pay(id, "CHF:1"); err != nil {
			t.Fatal(err)
		}
		h.sends(func(m *transfer, _ comm.Execute) { m.Counter = 1 })
		_, err := h.pay(id, "CHF:1")
		wantFault(t, err, fault.Conflict, "counter-reused")
	})
}

func TestVendorRefusesHostileMessages(t *testing.T) {
	for name, message := range map[string]string{
		"no object":     `[]`,
		"a number":      `{"account":7}`,
		"a negative":    `{"account":"x","amount":"CHF:-1"}`,
		"a huge number": `{"counter":99999999999999999999999}`,
	} {
		t.Run(name, func(t *testing.T) {
			h := openHouse(t)
			at := h.charged("CHF:10")
			h.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Execute != nil && len(f.Execute.Msgs) > 0 {
					f.Execute.Msgs[0].Body = json.RawMessage(message)
				}
				return protocoltest.Deliver
			})
			_, err := h.pay(at, "CHF:1")
			wantFault(t, err, fault.Invalid, "message-malformed")
			if _, err := h.ask(opOpen, "", opened{"CHF"}); fault.KindOf(err) != fault.Invalid {
				t.Errorf("got %v", err)
			}
			if _, err := h.ask(opBalance, at, nil); err == nil {
				t.Error("it told a balance")
			}
			h.Wire.OnFrame(nil)
			h.conserved(at)
		})
	}
}

// What moves money towards an account is the vendor's alone.
func TestAWalletCannotCreditNorRefundByItself(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	for operation, classes := range map[string][]instrument.ClassID{opCredit: {accountID, paymentID}, protocol.Refund: {paymentID}} {
		for _, class := range classes {
			done := h.Servicer.Protocols.Serve(t.Context(), protocol.Execution{
				Protocol: signedID, Peer: h.Initiator.Self, Link: h.Wire.ToInitiator(),
				Call: protocol.Call{Operation: operation, Class: class, Args: raw(paidIn{h.purse(at).Account, sum("CHF:5"), "mine"})},
			}, comm.Execute{Op: "00000000000000000000000000000001"})
			if done.Fault == nil || done.Fault.Kind != fault.Unsupported {
				t.Errorf("%s of %s: %+v", operation, class, done)
			}
		}
	}
	h.conserved(at)
}

// A call that names no instrument, or says what nobody reads, is refused before
// anything is sent.
func TestACallThatSaysTooLittleOrTooMuch(t *testing.T) {
	h := openHouse(t)
	at := h.charged("CHF:10")
	another := h.open()
	more := h.payment(at, "CHF:1")
	more.Args = raw(map[string]string{"amount": "CHF:7"})
	for name, row := range map[string]struct {
		call   protocol.Call
		reason fault.Reason
	}{
		"PAY with nothing":        {h.payment("", "CHF:1"), "instrument-missing"},
		"BALANCE of nothing":      {protocol.Call{Operation: opBalance, Class: accountID}, "instrument-missing"},
		"REFUND to nothing":       {protocol.Call{Operation: protocol.Refund, Class: accountID, Args: raw(returned{Payment: "p"})}, "instrument-missing"},
		"OPEN of two accounts":    {protocol.Call{Operation: opOpen, Class: accountID, Instruments: []instrument.ID{at, another}, Args: raw(opened{"CHF"})}, "instrument-unwanted"},
		"PAY of another amount":   {more, "argument-unknown"},
		"BALANCE with an account": {protocol.Call{Operation: opBalance, Class: accountID, Instruments: named(at), Args: raw(opened{"CHF"})}, "argument-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.execute("", row.call)
			wantFault(t, err, fault.Invalid, row.reason)
			if p := h.purse(at); p.Balance != sum("CHF:10") || p.Counter != 0 {
				t.Errorf("the purse is %+v", p)
			}
		})
	}
}
