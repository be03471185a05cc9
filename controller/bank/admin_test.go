package bank_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/profile"
)

func TestTerminals(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	for name, c := range map[string]struct {
		terminal, provider string
		kind               fault.Kind
		reason             fault.Reason
	}{
		"taken":            {"till", banktest.ProviderName, fault.Conflict, "login-taken"},
		"a gateway's name": {banktest.GatewayName, banktest.ProviderName, fault.Conflict, "login-taken"},
		"a colon":          {"a:b", banktest.ProviderName, fault.Invalid, "name-malformed"},
		"nothing":          {"", banktest.ProviderName, fault.Invalid, "name-malformed"},
		"a blank":          {"my till", banktest.ProviderName, fault.Invalid, "name-malformed"},
		"a hyphen first":   {"-till", banktest.ProviderName, fault.Invalid, "name-malformed"},
		"unknown provider": {"new", "nobody", fault.NotFound, "provider-unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			_, token, err := h.Bank.AddTerminal(ctx, c.terminal, c.provider)
			refused(t, err, c.kind, c.reason)
			if token != "" {
				t.Error("and yet there is a token")
			}
		})
	}
	h.AddTerminal("second")
	if err := h.Bank.DisableTerminal(ctx, "second"); err != nil {
		t.Fatal(err)
	}
	refused(t, h.Bank.DisableTerminal(ctx, banktest.GatewayName), fault.NotFound, "account-unknown")
	_, _, err := h.Bank.RotateTerminal(ctx, "nobody")
	refused(t, err, fault.NotFound, "account-unknown")
	_, err = h.Bank.RotateGateway(ctx, "till")
	refused(t, err, fault.NotFound, "account-unknown")
	got, err := h.Bank.Terminals(ctx)
	want := []bank.Terminal{{Name: "till", Provider: banktest.ProviderName}, {Name: "second", Provider: banktest.ProviderName, Disabled: true}}
	byName := cmpopts.SortSlices(func(a, b bank.Terminal) bool { return a.Name < b.Name })
	if diff := cmp.Diff(want, got, byName, cmpopts.IgnoreFields(bank.Terminal{}, "Created")); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestADisabledTerminalBeginsNothing, not even with a principal that it got
// before; what it began goes on.
func TestADisabledTerminalBeginsNothing(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	id := selected(t, h, "u", key(1))
	if err := h.Bank.DisableTerminal(ctx, "till"); err != nil {
		t.Fatal(err)
	}
	_, err := h.Bank.Profiles().Login(ctx, profile.Terminal, h.Terminal.Name, h.Terminal.Token)
	refused(t, err, fault.Denied, "credentials")
	_, _, err = h.Bank.RotateTerminal(ctx, "till") // which would say a token that lets nobody in
	refused(t, err, fault.Conflict, "terminal-disabled")
	if s, err := h.Bank.Status(ctx, id, taler.LongPoll{}); err != nil || s.Status != taler.StateSelected {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestGateways(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	again, err := h.Bank.RotateGateway(ctx, banktest.GatewayName)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Bank.Profiles().Login(ctx, profile.Gateway, h.Gateway.User, h.Gateway.Password)
	refused(t, err, fault.Denied, "credentials")
	login, token := bank.ReadBearer(again.Token)
	if login != again.User || token != again.Password {
		t.Errorf("the token stands for %q", login)
	}
	if _, err := h.Bank.Profiles().Login(ctx, profile.Gateway, login, token); err != nil {
		t.Error(err)
	}
	_, err = h.Bank.AddGateway(ctx, banktest.GatewayName)
	refused(t, err, fault.Conflict, "login-taken")
}

func TestProviders(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	for name, c := range map[string]struct {
		p      bank.Provider
		kind   fault.Kind
		reason fault.Reason
	}{
		"taken":           {bank.Provider{Name: banktest.ProviderName, Kind: "simulator", URL: "http://127.0.0.1:1/"}, fault.Conflict, "name-taken"},
		"no name":         {bank.Provider{Kind: "simulator", URL: "http://127.0.0.1:1/"}, fault.Invalid, "name-malformed"},
		"no kind":         {bank.Provider{Name: "p", URL: "http://127.0.0.1:1/"}, fault.Invalid, "provider-kind-unknown"},
		"kind of a payto": {bank.Provider{Name: "p", Kind: "a/b", URL: "http://127.0.0.1:1/"}, fault.Invalid, "provider-kind-unknown"},
		"no address":      {bank.Provider{Name: "p", Kind: "simulator"}, fault.Invalid, taler.ReasonAddressRefused},
		"wallee without":  {bank.Provider{Name: "p", Kind: "wallee", URL: "http://127.0.0.1:1/"}, fault.Invalid, "provider-malformed"},
		"another kind":    {bank.Provider{Name: "p", Kind: "datatrans", URL: "http://127.0.0.1:1/"}, fault.Invalid, "provider-kind-unknown"},
		"another scheme":  {bank.Provider{Name: "p", Kind: "simulator", URL: "ftp://127.0.0.1/"}, fault.Invalid, taler.ReasonAddressRefused},
	} {
		t.Run(name, func(t *testing.T) { refused(t, h.Bank.AddProvider(ctx, c.p), c.kind, c.reason) })
	}
	second := bank.Provider{Name: "second", Kind: "wallee", URL: "http://127.0.0.1:1/api", Space: 405, User: 12345}
	if err := h.Bank.AddProviderKey(ctx, second, "c2VjcmV0"); err != nil {
		t.Fatal(err)
	}
	if p, err := h.Bank.ProviderOf(ctx, "second"); err != nil || p.URL != "http://127.0.0.1:1/api/" || p.Space != 405 || p.User != 12345 || p.WireType() != "wallee-transaction" {
		t.Errorf("%+v, %v", p, err)
	}
	if got := fmt.Sprintf("%v %+v %#v %s %x", bank.Key("c2VjcmV0"), bank.Key("c2VjcmV0"), bank.Key("c2VjcmV0"), bank.Key("c2VjcmV0"), bank.Key("c2VjcmV0")); strings.Contains(got, "c2") || strings.Contains(got, "6332") {
		t.Errorf("a key prints as %s", got)
	}
	refused(t, h.Bank.CheckProvider(ctx, "nobody"), fault.NotFound, "provider-unknown")
	refused(t, h.Bank.CheckProvider(ctx, "second"), fault.Unavailable, "provider-unreachable")
	refused(t, h.Bank.RemoveProvider(ctx, banktest.ProviderName), fault.Conflict, "provider-in-use")
	refused(t, h.Bank.RemoveProvider(ctx, "nobody"), fault.NotFound, "provider-unknown")
	for range 2 { // the second time there is nothing more to do
		if err := h.Bank.RemoveProvider(ctx, "second"); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := h.Bank.AddTerminal(ctx, "new", "second")
	refused(t, err, fault.Conflict, "provider-removed")
	if f := fault.From(err); !strings.Contains(f.Hint, "by another one with `bank provider add`") {
		t.Errorf("the hint is %q", f.Hint)
	}
	if all, err := h.Bank.Providers(ctx); err != nil || len(all) != 1 || all[0].Name != banktest.ProviderName {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestTheOperatorAborts(t *testing.T) {
	h := open(t, banktest.Options{})
	ctx := withTimeout(t)
	id := selected(t, h, "u", key(1))
	if err := h.Bank.AbortByOperator(ctx, id, "the till was stolen"); err != nil {
		t.Fatal(err)
	}
	if w := look(t, h, id); w.State != taler.StateAborted || w.AbortReason != "the till was stolen" {
		t.Errorf("it is %s because %q", w.State, w.AbortReason)
	}
	refused(t, h.Bank.AbortByOperator(ctx, taler.WOPID{1}, "x"), fault.NotFound, taler.ReasonUnknownOperation)
}

// TestLookAsksNobodyByItself: an operator's command beside the bank reads and
// writes, and leaves the providers to the bank until it is told to ask.
func TestLookAsksNobodyByItself(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: time.Hour, Longest: time.Hour}})
	ctx := withTimeout(t)
	id := selected(t, h, "u", key(1))
	notify(t, h, id, "tx")
	if err := h.Provider.WaitAsked(ctx, "tx", 1); err != nil {
		t.Fatal(err)
	}
	b := bank.Look(ctx, h.Bank.Controller, h.Bank.Config())
	if s, err := b.Status(ctx, id, taler.LongPoll{}); err != nil || s.Status != taler.StateSelected {
		t.Errorf("%+v, %v", s, err)
	}
	if err := b.AbortByOperator(ctx, setUp(t, h, "v"), "why not"); err != nil {
		t.Error(err)
	}
	if n := h.Provider.Asked("tx"); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
	if decided, err := b.Retry(ctx, id); err != nil || decided {
		t.Errorf("of a payment that nobody knows: %v, %v", decided, err)
	}
	if n := h.Provider.Asked("tx"); n != 2 {
		t.Errorf("the provider was asked %d times", n)
	}
	h.Provider.Break("tx", 503)
	if _, err := b.Retry(ctx, id); !errors.Is(err, fault.Unavailable) {
		t.Errorf("of a provider that is away: %v", err)
	}
}

// TestTheBankGivesBackWhatARetryHasFound beside it.
func TestTheBankGivesBackWhatARetryHasFound(t *testing.T) {
	h := open(t, banktest.Options{Asking: bank.Asking{First: time.Hour, Longest: time.Hour}, Decide: restless})
	ctx := withTimeout(t)
	id := selected(t, h, "u", key(1))
	h.Provider.Put(banktest.Payment{ID: "tx", State: "pending", Amount: amount(t, "CHF:21"), Reference: id.Text()})
	notify(t, h, id, "tx")
	if err := h.Provider.WaitAsked(ctx, "tx", 1); err != nil {
		t.Fatal(err)
	}
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:21"), Reference: id.Text()})
	b := bank.Look(ctx, h.Bank.Controller, h.Bank.Config())
	if decided, err := b.Retry(ctx, id); err != nil || !decided {
		t.Fatalf("%v, %v", decided, err)
	}
	if w := look(t, h, id); w.State != taler.StateConfirmed {
		t.Errorf("it became %s", w.State)
	}
	if all := ended(t, h, 1); all[0].Amount != amount(t, "CHF:1") || all[0].State != taler.TransferSuccess {
		t.Errorf("given back is %+v", all[0])
	}
}

// failing is a store of which the change of a profile that is counted down to fails.
type failing struct {
	controller.Store
	in *atomic.Int32
}

func (f failing) UpdateProfiles(ctx context.Context, change func(profile.Writer) error) error {
	if f.in.Add(-1) == 0 {
		return fault.New(fault.Unavailable, "the database is away")
	}
	return f.Store.UpdateProfiles(ctx, change)
}

// TestAnExchangeThatComesBackHalfway is still removed, so that the login of before opens
// nothing, and it comes back when that is asked for again.
func TestAnExchangeThatComesBackHalfway(t *testing.T) {
	var in atomic.Int32
	h := open(t, banktest.Options{Over: func(s controller.Store) controller.Store { return failing{s, &in} }})
	was := h.AddExchange(second)
	check(t, h.Bank.RemoveExchange(withTimeout(t), second.Name))
	for n := range int32(2) {
		in.Store(n + 1)
		if _, err := h.Bank.AddExchange(withTimeout(t), second); !errors.Is(err, fault.Unavailable) {
			t.Errorf("change %d: %v", n, err)
		}
		if all, err := h.Bank.Exchanges(withTimeout(t)); err != nil || len(all) != 1 {
			t.Errorf("change %d: %+v, %v", n, all, err)
		}
	}
	if fresh := h.AddExchange(second); fresh.Token == was.Token {
		t.Error("the login is that of before")
	}
}

// TestARefusedRemovalIsNotNoticed: nothing is closed before it is known that it may be.
// Who was answered meanwhile that there is no such exchange would never ask again.
func TestARefusedRemovalIsNotNoticed(t *testing.T) {
	var in atomic.Int32
	h := open(t, banktest.Options{Over: func(s controller.Store) controller.Store { return failing{s, &in} }})
	h.AddExchange(second)
	_, err := h.Bank.SetUp(withTimeout(t), till(t, h), taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount(t, "CHF:20"), Exchange: second.Name})
	check(t, err)
	in.Store(1)
	if err := h.Bank.RemoveExchange(withTimeout(t), second.Name); fault.ReasonOf(err) != "exchange-busy" {
		t.Errorf("while a withdrawal is open: %v", err)
	}
	if in.Load() != 1 {
		t.Error("its account was written")
	}
}

// after is a store of which something happens once a profile was changed.
type after struct {
	controller.Store
	meanwhile *func()
}

func (a after) UpdateProfiles(ctx context.Context, change func(profile.Writer) error) error {
	err := a.Store.UpdateProfiles(ctx, change)
	if f := *a.meanwhile; f != nil {
		*a.meanwhile = nil
		f()
	}
	return err
}

// TestARefusedRemovalLeavesNothingClosed, also where the operator has no patience: what is closed
// is not found by another removal, and its file would stay.
func TestARefusedRemovalLeavesNothingClosed(t *testing.T) {
	var meanwhile func()
	h := open(t, banktest.Options{Over: func(s controller.Store) controller.Store { return after{s, &meanwhile} }})
	h.AddExchange(second)
	ctx, leave := context.WithCancel(withTimeout(t))
	meanwhile = leave
	if err := h.Bank.RemoveExchange(ctx, second.Name); !errors.Is(err, context.Canceled) {
		t.Errorf("who went away was told %v", err)
	}
	if _, err := h.Bank.Exchange(withTimeout(t), second.Name); err != nil {
		t.Errorf("it is gone all the same: %v", err)
	}
}
