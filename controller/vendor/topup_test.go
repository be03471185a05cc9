package vendor_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// visit is a session of a wallet at the shop, for accounts.
type visit struct {
	*wallet
	t       *testing.T
	session *controller.Session
	me      profile.Principal
	account instrument.ID // the wallet's
	number  string        // of the account
}

func (c *cast) visit(t *testing.T, shop comm.Peer) *visit {
	t.Helper()
	v := &visit{wallet: newWallet(t, c), t: t}
	var err error
	v.me, err = v.Own(t.Context())
	check(t, err)
	v.session, err = v.InitiateSession(t.Context(), shop, controller.Login{})
	check(t, err)
	t.Cleanup(func() { _ = v.session.Close(context.WithoutCancel(t.Context())) })
	check(t, v.do(vendor.ClassPrepaid, instrument.Invoice{}, "OPEN", map[string]string{"currency": "CHF"}))
	all, err := v.Instruments().List(t.Context(), instrument.Filter{Class: vendor.ClassPrepaid})
	check(t, err)
	var p struct{ Account string }
	check(t, all[0].Decode(&p))
	v.account, v.number = all[0].ID, p.Account
	return v
}

// do negotiates for an invoice and runs one operation.
func (v *visit) do(class instrument.ClassID, inv instrument.Invoice, operation string, args any, on ...instrument.ID) error {
	v.t.Helper()
	if _, err := v.session.Negotiate(v.t.Context(), class, inv); err != nil {
		return err
	}
	_, err := v.session.Execute(v.t.Context(), controller.Transaction{
		Principal: v.me, Operation: operation, Class: class, Instruments: on, Args: args,
	}, nil)
	return err
}

func (v *visit) payIn(account, label, amount string) error {
	return v.do(vendor.ClassCard, instrument.Invoice{"account": account, "label": label, "amount": amount}, protocol.Pay, nil, v.card)
}

func (v *visit) pay(amount string) error {
	return v.do(vendor.ClassPrepaid, instrument.Invoice{"amount": amount}, protocol.Pay, nil, v.account)
}

// balance is what the wallet has after it has asked.
func (v *visit) balance() string {
	v.t.Helper()
	check(v.t, v.do(vendor.ClassPrepaid, instrument.Invoice{}, "BALANCE", nil, v.account))
	i, err := v.Instruments().View(v.t.Context(), v.account)
	check(v.t, err)
	var p struct{ Balance string }
	check(v.t, i.Decode(&p))
	return p.Balance
}

func TestAnAccountIsPaidIntoByCardAndPaidFrom(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	if got := v.balance(); got != "CHF:20" || c.cards.Times() != 1 {
		t.Fatalf("there is %s after %d charges", got, c.cards.Times())
	}
	check(t, v.payIn(v.number, "first", "CHF:20")) // the same payment again
	check(t, v.payIn(v.number, "second", "CHF:5"))
	check(t, v.pay("CHF:12"))
	check(t, v.pay("CHF:0.5"))
	if got := v.balance(); got != "CHF:12.5" || c.cards.Times() != 2 {
		t.Errorf("there is %s after %d charges", got, c.cards.Times())
	}
	if err := v.pay("CHF:13"); fault.ReasonOf(err) != "balance-too-small" {
		t.Errorf("got %v", err)
	}
}

// In one process the class prefers no signature for a small sum, and one for
// more: the paper's example, through a session.
func TestSmallSumsGoWithoutSignatureOverAClearLine(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	if got := v.balance(); got != "CHF:20" {
		t.Fatal(got)
	}
	for amount, want := range map[string]string{"CHF:5": "prepaid.plain", "CHF:5.5": "prepaid.signed"} {
		check(t, v.pay(amount))
		records, err := v.Protocols().Records(t.Context(), protocol.Filter{Limit: 1})
		check(t, err)
		if records[0].Protocol != want {
			t.Errorf("%s was paid by %s, wanted %s", amount, records[0].Protocol, want)
		}
	}
}

// The terminal dies between the card's payment and the credit. Its next life
// credits it, once, however often it looks and whoever looks with it.
func TestWhatAnEarlierLifeWasPaidIsCredited(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	c.cards.Be(func(m *banktest.Mood) { m.Waiting = true })
	if err := v.payIn(v.number, "second", "CHF:7"); fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	next := vendor.New(c.Controller, c.bank.Till(c.bank.Terminal), vendor.Config{Merchant: "Corner shop"})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := next.Settle(context.Background(), &vendor.Settling{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := v.balance(); got != "CHF:20" {
		t.Errorf("there is %s", got)
	}
	c.cards.Settle() // the provider has decided
	check(t, next.Settle(t.Context(), &vendor.Settling{}))
	check(t, next.Settle(t.Context(), &vendor.Settling{}))
	if got := v.balance(); got != "CHF:27" || c.cards.Times() != 2 {
		t.Errorf("there is %s after %d charges", got, c.cards.Times())
	}
}

func TestADeclinedCardCreditsNothing(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	c.cards.Be(func(m *banktest.Mood) { m.Refuses = true })
	if err := v.payIn(v.number, "first", "CHF:20"); fault.KindOf(err) != fault.Declined {
		t.Fatalf("got %v", err)
	}
	check(t, c.Settle(t.Context(), &vendor.Settling{}))
	if got := v.balance(); got != "CHF:0" {
		t.Errorf("there is %s", got)
	}
}

func TestPaymentsIntoAccountsThatAreRefused(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v, other := c.visit(t, shop), c.visit(t, shop)
	for _, row := range []struct {
		name, account, label, amount string
		reason                       fault.Reason
	}{
		{"of nobody", "nobody", "a", "CHF:1", "account-unknown"},
		{"that is not named", "", "a", "CHF:1", "account-unknown"}, // a script's variable that is empty: no purchase
		{"of another", other.number, "a", "CHF:1", "account-unknown"},
		{"without a label", v.number, "", "CHF:1", "label-malformed"},
		{"other money", v.number, "a", "EUR:1", "currency-differs"},
		{"nothing", v.number, "a", "CHF:0", "currency-differs"},
		{"no amount", v.number, "a", "", "amount-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := v.payIn(row.account, row.label, row.amount); fault.ReasonOf(err) != row.reason {
				t.Errorf("got %v (%s)", err, fault.ReasonOf(err))
			}
		})
	}
	for _, class := range []instrument.ClassID{vendor.ClassPrepaid, vendor.ClassCredit, vendor.ClassSpent} {
		err := v.do(class, instrument.Invoice{"account": v.number, "label": "a", "amount": "CHF:1"}, protocol.Pay, nil, v.account)
		if fault.ReasonOf(err) != "class-not-offered" {
			t.Errorf("%s: got %v", class, err)
		}
	}
	for _, class := range []instrument.ClassID{vendor.ClassCard, vendor.ClassPrepaid} {
		on := map[instrument.ClassID]instrument.ID{vendor.ClassCard: v.card, vendor.ClassPrepaid: v.account}[class]
		inv := instrument.Invoice{"account": v.number, "label": "a", "payment": "p", "part": "1", "total": "CHF:2", "amount": "CHF:1"}
		if err := v.do(class, inv, protocol.Pay, nil, on); fault.ReasonOf(err) != "part-malformed" {
			t.Errorf("a part by %s: got %v", class, err)
		}
	}
	if c.cards.Times() != 0 {
		t.Error("a card was charged")
	}
}

// TestALabelIsOfOneSum: whoever takes it for another is told so before they agree to pay.
func TestALabelIsOfOneSum(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "first", "CHF:20"))
	_, err := v.session.InstrumentClasses(t.Context(), instrument.Invoice{"account": v.number, "label": "first", "amount": "CHF:5"})
	if fault.ReasonOf(err) != "label-reused" || !errors.Is(err, fault.Conflict) {
		t.Errorf("got %v", err)
	}
	if got := v.balance(); got != "CHF:20" || c.cards.Times() != 1 {
		t.Errorf("there is %s after %d charges", got, c.cards.Times())
	}
}

func TestAnAccountIsPaidNoMoreThanItCanHold(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	check(t, v.payIn(v.number, "all", "CHF:4503599627370496"))
	check(t, v.payIn(v.number, "all", "CHF:4503599627370496")) // the same payment again, which is in it
	if err := v.payIn(v.number, "more", "CHF:1"); fault.ReasonOf(err) != "amount-too-large" || fault.KindOf(err) != fault.Declined {
		t.Errorf("got %v", err)
	}
	if got := v.balance(); got != "CHF:4503599627370496" || c.cards.Times() != 1 {
		t.Errorf("there is %s after %d charges", got, c.cards.Times())
	}
}

// Two payments that an account can hold one of, both offered before either was made: the
// second was charged and cannot be credited. All who have accounts here use them as before.
func TestACreditThatIsRefusedHoldsUpNoOtherAccount(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v, other := c.visit(t, shop), c.visit(t, shop)
	check(t, other.payIn(other.number, "first", "CHF:20"))
	again, err := v.InitiateSession(t.Context(), shop, controller.Login{})
	check(t, err)
	t.Cleanup(func() { _ = again.Close(context.WithoutCancel(t.Context())) })
	for label, s := range map[string]*controller.Session{"a": v.session, "b": again} {
		_, err := s.Negotiate(t.Context(), vendor.ClassCard, instrument.Invoice{"account": v.number, "label": label, "amount": "CHF:4503599627370496"})
		check(t, err)
	}
	for _, s := range []*controller.Session{v.session, again} {
		_, err := s.Execute(t.Context(), controller.Transaction{Principal: v.me, Operation: protocol.Pay, Class: vendor.ClassCard, Instruments: []instrument.ID{v.card}}, nil)
		check(t, err)
	}
	if got := other.balance(); got != "CHF:20" {
		t.Errorf("the other account has %s", got)
	}
	check(t, other.pay("CHF:2"))
	if got := v.balance(); got != "CHF:4503599627370496" {
		t.Errorf("there is %s", got)
	}
}

// A wallet cannot ask the terminal to credit or refund, whatever it selects.
func TestAWalletCannotAskForItsOwnCredit(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	conn, err := c.comm.Dial(t.Context(), comm.Peer{Role: comm.Vendor, Key: c.key, Addresses: v.session.Peer().Addresses}, ignoring{})
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	call := func(method string, params any) error {
		var raw json.RawMessage
		return conn.Call(t.Context(), method, params, &raw)
	}
	check(t, call(comm.MethodInitiate, comm.Initiate{Name: "x", Role: comm.Client, PNP: "pnp.intersect"}))
	check(t, call(comm.MethodClasses, comm.Classes{}))
	for class, operation := range map[string]string{"prepaid": "CREDIT", "prepaid-payment": "REFUND"} {
		err := call(comm.MethodSelect, comm.Select{Class: class, Protocol: "prepaid.signed"})
		if fault.ReasonOf(err) != "class-not-offered" {
			check(t, err)
		}
		var e comm.Executed
		args, _ := json.Marshal(map[string]string{"account": v.number, "amount": "CHF:5", "source": "mine"})
		err = conn.Call(t.Context(), comm.MethodExecute, comm.Execute{Op: "00000000000000000000000000000001", Call: comm.Call{
			Protocol: "prepaid.signed", Operation: operation, Class: class, Args: args,
		}}, &e)
		if err == nil && e.Fault == nil {
			t.Errorf("%s was done", operation)
		}
	}
	if got := v.balance(); got != "CHF:0" {
		t.Errorf("there is %s", got)
	}
}

// ignoring handles nothing.
type ignoring struct{}

func (ignoring) Request(context.Context, comm.Conn, string, json.RawMessage) (any, error) {
	return nil, nil
}
func (ignoring) Notification(context.Context, comm.Conn, string, json.RawMessage) {}
func (ignoring) Closed(comm.Conn)                                                 {}

// To open an account costs nothing, so one key gets a bounded number of them; the one
// that was opened is told as it is, and another key's are its own.
func TestOneKeyHasABoundedNumberOfAccounts(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	v := c.visit(t, shop)
	opens := func() error {
		return v.do(vendor.ClassPrepaid, instrument.Invoice{}, "OPEN", map[string]string{"currency": "CHF"})
	}
	for range 255 {
		check(t, opens())
	}
	if err := opens(); fault.ReasonOf(err) != "accounts-too-many" {
		t.Errorf("one too many: %v", err)
	}
	check(t, v.payIn(v.number, "first", "CHF:20"))
	check(t, checkBalance(v, "CHF:20"))
	c.visit(t, shop)
	if n := c.Crowd(); n > 1024-128 { // some of their places have come back meanwhile
		t.Errorf("strangers may leave %d more: these were not counted", n)
	}
}

// What has paid nothing is not given back, whoever asks for it.
func TestWhatHasPaidNothingDoesNotComeBack(t *testing.T) {
	c := newCast(t)
	v := c.visit(t, c.open(t))
	all, err := c.Protocols().Records(t.Context(), protocol.Filter{Side: protocol.Servicer})
	check(t, err)
	if len(all) != 1 || all[0].Operation != "OPEN" {
		t.Fatalf("%+v", all)
	}
	op, err := c.Protocols().Named(t.Context(), string(all[0].ID))
	check(t, err)
	opened := string(op)
	if _, err := c.Refund(t.Context(), opened); fault.ReasonOf(err) != "payment-unknown" {
		t.Errorf("for the vendor: %v", err)
	}
	if err := v.do(vendor.ClassPrepaid, instrument.Invoice{"refund": opened}, protocol.Refund, map[string]string{"payment": opened}, v.account); fault.ReasonOf(err) != "payment-unknown" {
		t.Errorf("for the payer: %v", err)
	}
}
