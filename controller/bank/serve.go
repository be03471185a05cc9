package bank

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Servicing lets the bank service native sessions: of terminals, which log in,
// and of wallets, which show a WOPID. What plugins have brought for a bank is serviced
// beside withdrawals, for both.
func (b *Bank) Servicing() controller.Servicing { return servicing{b} }

type servicing struct{ b *Bank }

// Admit recognises a terminal by its login and token. A wallet is let in without a name.
func (s servicing) Admit(ctx context.Context, _ comm.Peer, hello comm.Initiate) (profile.Principal, error) {
	switch hello.Role {
	case comm.Vendor:
		return s.b.Profiles().Login(ctx, profile.Terminal, hello.Login, hello.Token)
	case comm.Client:
		return wallet, nil
	}
	return profile.Principal{}, fault.New(fault.Denied, "the bank has no sessions with a %s", hello.Role).Because("role-refused")
}

// Offers takes withdrawals, and the classes of plugins: of the house's own no other has
// anything for a peer. The bank sells nothing, so there is no price.
func (s servicing) Offers(_ context.Context, _ controller.Caller, inv instrument.Invoice, _ instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	return instrument.Terms{}, inv, nil
}

// Prepare names the withdrawal of an operation, and adds the bank's own arguments. What a
// plugin has brought finds its instruments itself.
func (s servicing) Prepare(ctx context.Context, who controller.Caller, e comm.Execute, t *controller.Transaction) error {
	if t.Class != ClassWithdrawal {
		return nil
	}
	if e.Call.Operation == taler.OperationSetUp {
		return s.prepareSetUp(ctx, who, e, t)
	}
	var named struct {
		WOPID taler.WOPID `json:"wopid"`
	}
	if err := read(e.Call.Args, &named); err != nil {
		return err
	}
	i, w, err := s.b.Withdrawal(ctx, named.WOPID)
	if err != nil {
		return err
	}
	if who.Principal.Kind == profile.Terminal && w.Terminal != string(who.Principal.ID) {
		return unknown(nil)
	}
	t.Instruments = []instrument.ID{i.ID}
	switch e.Call.Operation {
	case taler.OperationConfirm:
		return s.prepareConfirm(e)
	case taler.OperationSelect:
		return s.prepareSelect(e, t)
	}
	return nil
}

func (s servicing) prepareSetUp(ctx context.Context, who controller.Caller, e comm.Execute, t *controller.Transaction) error {
	var r taler.TerminalWithdrawalSetup
	if err := read(e.Call.Args, &r); err != nil {
		return err
	}
	if err := r.Check(s.b.cfg.Currency); err != nil {
		return err
	}
	args, err := s.b.setupArgs(ctx, who.Principal, r)
	t.Args, t.Amount, t.Counts = args, r.Amount, counted(who.Principal, r)
	return err
}

func (s servicing) prepareConfirm(e comm.Execute) error {
	var a taler.ConfirmArgs
	if err := read(e.Call.Args, &a); err != nil {
		return err
	}
	return a.Request().Check(s.b.cfg.Currency)
}

func (s servicing) prepareSelect(e comm.Execute, t *controller.Transaction) error {
	var a taler.SelectArgs
	if err := read(e.Call.Args, &a); err != nil {
		return err
	}
	t.Args = s.b.selectArgs(a.WOPID, a.Request())
	return a.Request().Check(s.b.cfg.Currency)
}

// Ended has the provider asked after a notice that came over a session.
func (s servicing) Ended(t controller.Transaction, err error) {
	if t.Class == ClassWithdrawal && t.Operation == taler.OperationConfirm {
		var a taler.ConfirmArgs
		if raw, is := t.Args.(json.RawMessage); is {
			_ = read(raw, &a) // it was read before
		}
		s.b.heard(t.Instruments[0], a.ProviderTransactionID, err)
	}
}

func read(raw json.RawMessage, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return fault.Wrap(err, fault.Invalid, "the arguments of the operation cannot be read").Because("message-malformed")
	}
	return nil
}
