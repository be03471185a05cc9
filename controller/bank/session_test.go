package bank_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/pnp"
)

// session is the bare wire of a native session with the bank, so that it can
// also say what no honest peer says.
type session struct {
	t    *testing.T
	conn comm.Conn
	n    int
}

// begin goes through the paper's steps up to the selection of taler.withdraw. Without plugins of
// others nothing else is offered.
func begin(t *testing.T, h *banktest.House, net *inproc.Network, role comm.Role, l banktest.Login) *session {
	t.Helper()
	p := controllertest.New(t, net, controllertest.Options{Role: role})
	s := &session{t: t, conn: p.Dial(t, h.Peer)}
	ctx := withTimeout(t)
	hello := comm.Initiate{Name: "peer", Role: role, PNP: pnp.IntersectID, Login: l.Name, Token: l.Token}
	if err := s.conn.Call(ctx, comm.MethodInitiate, hello, nil); err != nil {
		t.Fatalf("initiate: %v", err)
	}
	var offered comm.Offered
	if err := s.conn.Call(ctx, comm.MethodClasses, comm.Classes{}, &offered); err != nil || len(offered.Offers) != 1 {
		t.Fatalf("the bank offers %d classes, %v", len(offered.Offers), err)
	}
	if err := s.conn.Call(ctx, comm.MethodSelect, comm.Select{Class: string(bank.ClassWithdrawal), Protocol: taler.ProtocolWithdraw}, nil); err != nil {
		t.Fatalf("select the protocol: %v", err)
	}
	return s
}

func (s *session) execute(operation string, args, result any) error {
	s.t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		s.t.Fatal(err)
	}
	s.n++
	var done comm.Executed
	e := comm.Execute{Op: fmt.Sprintf("%032x", s.n), Call: comm.Call{
		Protocol: taler.ProtocolWithdraw, Operation: operation, Class: string(bank.ClassWithdrawal), Args: text,
	}}
	if err := s.conn.Call(withTimeout(s.t), comm.MethodExecute, e, &done); err != nil {
		return err
	}
	if done.Fault != nil {
		return done.Fault
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(done.Result, result)
}

// TestTheSameJobOverSessions has the results that it has over REST, and meets
// what REST has made.
func TestTheSameJobOverSessions(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Asking: hasty, Net: net})
	till, wallet := begin(t, h, net, comm.Vendor, h.Terminal), begin(t, h, net, comm.Client, banktest.Login{})

	byREST := setUp(t, h, "u")
	var made taler.TerminalWithdrawalSetupResponse
	if err := till.execute(taler.OperationSetUp, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount(t, "CHF:20")}, &made); err != nil || made.WithdrawalID != byREST {
		t.Fatalf("the same request made another withdrawal: %v", err)
	}
	id := made.WithdrawalID
	var answer taler.BankWithdrawalOperationPostResponse
	choice := taler.SelectArgs{WOPID: id.ID(), ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount}
	if err := wallet.execute(taler.OperationSelect, choice, &answer); err != nil || answer.Status != taler.StateSelected {
		t.Fatalf("%+v, %v", answer, err)
	}
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	if err := till.execute(taler.OperationConfirm, taler.ConfirmArgs{WOPID: id, ProviderTransactionID: "tx"}, nil); err != nil {
		t.Fatal(err)
	}
	if w := decision(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it became %s", w.State)
	}
	refused(t, wallet.execute(taler.OperationAbort, taler.AbortArgs{WOPID: id.ID()}, nil), fault.Conflict, taler.ReasonAbortConfirmConflict)
}

// TestASessionChoosesItsExchange by its name, as REST does.
func TestASessionChoosesItsExchange(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Net: net})
	h.AddExchange(bank.Exchange{Name: "second", URL: "https://second.example.com/", Account: "payto://x-taler-bank/localhost/second?receiver-name=S"})
	till, wallet := begin(t, h, net, comm.Vendor, h.Terminal), begin(t, h, net, comm.Client, banktest.Login{})
	var made taler.TerminalWithdrawalSetupResponse
	r := taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount(t, "CHF:20"), Exchange: "second"}
	if err := till.execute(taler.OperationSetUp, r, &made); err != nil {
		t.Fatal(err)
	}
	choice := taler.SelectArgs{WOPID: made.WithdrawalID.ID(), ReservePub: key(1), SelectedExchange: banktest.ExchangeAccount}
	refused(t, wallet.execute(taler.OperationSelect, choice, nil), fault.Conflict, taler.ReasonUnknownAccount)
	choice.SelectedExchange = "payto://x-taler-bank/localhost/second?receiver-name=S"
	check(t, wallet.execute(taler.OperationSelect, choice, nil))
	r.RequestUID, r.Exchange = "v", "third"
	refused(t, till.execute(taler.OperationSetUp, r, nil), fault.NotFound, taler.ReasonExchangeUnknown)
}

func TestWhatSessionsRefuse(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Asking: hasty, Net: net})
	till, wallet := begin(t, h, net, comm.Vendor, h.Terminal), begin(t, h, net, comm.Client, banktest.Login{})
	other := begin(t, h, net, comm.Vendor, h.AddTerminal("other"))
	id := selected(t, h, "u", key(1))
	pending := setUp(t, h, "pending")
	setup := taler.TerminalWithdrawalSetup{RequestUID: "v", Amount: amount(t, "CHF:20")}
	notice := taler.ConfirmArgs{WOPID: id, ProviderTransactionID: "tx"}
	for name, c := range map[string]struct {
		who       *session
		operation string
		args      any
		kind      fault.Kind
		reason    fault.Reason
	}{
		"a wallet sets up":                    {wallet, taler.OperationSetUp, setup, fault.Denied, "not-granted"},
		"a wallet notifies":                   {wallet, taler.OperationConfirm, notice, fault.Denied, "not-granted"},
		"a terminal selects":                  {till, taler.OperationSelect, taler.SelectArgs{WOPID: pending.ID(), ReservePub: key(2), SelectedExchange: banktest.ExchangeAccount}, fault.Unsupported, "operation-unknown"},
		"another terminal notifies":           {other, taler.OperationConfirm, notice, fault.NotFound, taler.ReasonUnknownOperation},
		"another terminal aborts":             {other, taler.OperationAbort, taler.AbortArgs{WOPID: id.ID()}, fault.NotFound, taler.ReasonUnknownOperation},
		"an unknown withdrawal":               {wallet, taler.OperationAbort, taler.AbortArgs{WOPID: taler.WOPID{1}.ID()}, fault.NotFound, taler.ReasonUnknownOperation},
		"another currency":                    {till, taler.OperationSetUp, taler.TerminalWithdrawalSetup{RequestUID: "w", Amount: amount(t, "EUR:20")}, fault.Invalid, taler.ReasonCurrencyMismatch},
		"a control character in a name":       {till, taler.OperationSetUp, taler.TerminalWithdrawalSetup{RequestUID: "a\nb", Amount: amount(t, "CHF:20")}, fault.Invalid, taler.ReasonJSONInvalid},
		"a control character in a notice":     {till, taler.OperationConfirm, taler.ConfirmArgs{WOPID: id, ProviderTransactionID: "a\x00b"}, fault.Invalid, taler.ReasonJSONInvalid},
		"a notice without a payment":          {till, taler.OperationConfirm, taler.ConfirmArgs{WOPID: id}, fault.Invalid, taler.ReasonJSONInvalid},
		"a notice with fees of another money": {till, taler.OperationConfirm, taler.ConfirmArgs{WOPID: id, ProviderTransactionID: "tx", TerminalFees: amount(t, "EUR:1")}, fault.Invalid, taler.ReasonCurrencyMismatch},
		"another wallet":                      {wallet, taler.OperationSelect, taler.SelectArgs{WOPID: id.ID(), ReservePub: key(3), SelectedExchange: banktest.ExchangeAccount}, fault.Conflict, taler.ReasonSelectionConflict},
		"no such operation":                   {till, "REFUND", notice, fault.Denied, "not-granted"},
		"arguments that are none":             {till, taler.OperationSetUp, []int{1}, fault.Invalid, "message-malformed"},
		"the bank's own work":                 {till, "VERIFY", notice, fault.Denied, "not-granted"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.who.execute(c.operation, c.args, nil), c.kind, c.reason) })
	}
	if w := look(t, h, id); w.State != taler.StateSelected || w.ProviderTransactionID != "" {
		t.Errorf("after all that it is %s, %q", w.State, w.ProviderTransactionID)
	}
}

// TestWhatAPeerSaysOfOthersIsNotBelieved: arguments that are the bank's to give
// are overwritten.
func TestWhatAPeerSaysOfOthersIsNotBelieved(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Net: net, Fees: amount(t, "CHF:1")})
	s := begin(t, h, net, comm.Vendor, h.Terminal)
	args := map[string]any{
		"request_uid": "u", "amount": "CHF:20", "terminal": "other", "provider": "nobody", "withdrawal_fees": "CHF:0", "currency": "EUR",
		"exchange_url": "https://evil.example/", "exchange_account": "payto://iban/DE75512108001245126199?receiver-name=Evil",
		"request": map[string]any{"request_uid": "x", "amount": "CHF:1"},
	}
	var made taler.TerminalWithdrawalSetupResponse
	if err := s.execute(taler.OperationSetUp, args, &made); err != nil {
		t.Fatal(err)
	}
	w := look(t, h, made.WithdrawalID)
	if w.Terminal != string(till(t, h).ID) || w.Provider != banktest.ProviderName || w.WithdrawalFees != amount(t, "CHF:1") ||
		w.ExchangeURL != banktest.ExchangeURL || w.ExchangeAccount != banktest.ExchangeAccount || w.RequestUID != "u" || w.Amount != amount(t, "CHF:20") {
		t.Errorf("the withdrawal is %+v", w)
	}
}

func TestWhoMayBeginASession(t *testing.T) {
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Net: net})
	for name, c := range map[string]struct {
		hello  comm.Initiate
		kind   fault.Kind
		reason fault.Reason
	}{
		"a terminal":                    {comm.Initiate{Role: comm.Vendor, Login: h.Terminal.Name, Token: h.Terminal.Token}, 0, ""},
		"a wallet":                      {comm.Initiate{Role: comm.Client}, 0, ""},
		"a terminal with a wrong token": {comm.Initiate{Role: comm.Vendor, Login: h.Terminal.Name, Token: "x"}, fault.Denied, "credentials"},
		"a terminal without a login":    {comm.Initiate{Role: comm.Vendor}, fault.Denied, "credentials"},
		"an exchange":                   {comm.Initiate{Role: comm.Vendor, Login: h.Gateway.User, Token: h.Gateway.Password}, fault.Denied, "credentials"},
		"another bank":                  {comm.Initiate{Role: comm.Bank}, fault.Denied, "role-refused"},
		"nobody":                        {comm.Initiate{}, fault.Denied, "role-refused"},
	} {
		t.Run(name, func(t *testing.T) {
			conn := controllertest.New(t, net, controllertest.Options{Role: comm.Client}).Dial(t, h.Peer)
			c.hello.Name, c.hello.PNP = "peer", pnp.IntersectID
			err := conn.Call(withTimeout(t), comm.MethodInitiate, c.hello, nil)
			refused(t, err, c.kind, c.reason)
		})
	}
}

// TestAPluginAtTheBank: what a bundle of others has for the bank's role is offered, and
// runs beside withdrawals, whatever its operations are called.
func TestAPluginAtTheBank(t *testing.T) {
	deposit := protocol.Bundle{Name: "notes", Classes: []instrument.Class{note}, Protocols: []protocol.Protocol{hand}}
	net := inproc.NewNetwork()
	h := open(t, banktest.Options{Asking: hasty, Net: net, Bundles: append(bundles(), deposit)})
	wallet := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: []protocol.Bundle{deposit}, Policy: profile.UserPolicy()})
	id := wallet.Create(t, instrument.Instance{Class: "note", Status: "mine", State: json.RawMessage(`{"number":"7"}`)})

	s, err := wallet.InitiateSession(withTimeout(t), h.Peer, controller.Login{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Negotiate(withTimeout(t), "note", nil); err != nil {
		t.Fatalf("negotiate: %v", err)
	}
	_, err = s.Execute(withTimeout(t), controller.Transaction{
		Principal: wallet.Me(t), Protocol: "note.hand", Operation: taler.OperationConfirm, Class: "note", Instruments: []instrument.ID{id},
	}, nil)
	if err != nil {
		t.Fatalf("execute: %v", err)
	}
	if i, err := h.Bank.Instruments().Lookup(t.Context(), "note", "number", "7"); err != nil || i.Status != sdk.StatusTaken {
		t.Errorf("at the bank the note is %q, %v", i.Status, err)
	}
	if i := wallet.View(t, id); i.Status != "gone" {
		t.Errorf("in the wallet it is %q", i.Status)
	}
}

// note and hand are a class and its protocol, as a plugin brings them.
var note, once = sdk.Class{About: instrument.Info{
	ID: "note", Title: "Note", Keys: []string{"number"}, Moves: sdk.Moves("> mine > shown > gone", "shown > mine", "> taken"),
}}, sdk.Once{Class: "note", Key: "number"}

var hand = sdk.Simple{
	Name: "note.hand", Title: "Hand a note in", Class: "note", Operation: taler.OperationConfirm, Accepted: "gone", Replay: 1,
	Present: func(_ protocol.Session, _ protocol.Call, i *instrument.Instance) (protocol.Result, error) {
		i.Status = "shown"
		return protocol.Result{Value: i.State}, nil
	},
	Accept: func(_ protocol.Session, _ protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
		return protocol.Result{Value: json.RawMessage(`{}`)}, once.Take(tx, message, &struct{}{})
	},
}
