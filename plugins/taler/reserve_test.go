package taler_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

func TestPreparingTwiceFindsTheSameReserve(t *testing.T) {
	w := readyWallet(t)
	args := wire.PrepareArgs{Exchange: w.exchange, BankURL: "https://bank.example/", WOPID: wire.WOPID{1}.ID(), Amount: amount("CHF:12"), Account: exchangePayto}
	ask := func(a wire.PrepareArgs) (wire.PrepareResult, error) {
		result, err := w.batch("PREPARE", "", a)
		if err != nil {
			return wire.PrepareResult{}, err
		}
		return valueOf[wire.PrepareResult](t, result, nil), nil
	}
	first, err := ask(args)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ask(args); err != nil || again != first {
		t.Errorf("again: %+v, %v", again, err)
	}
	other := args
	other.WOPID = wire.WOPID{2}.ID()
	if got, err := ask(other); err != nil || got.ReservePub == first.ReservePub {
		t.Errorf("another withdrawal: %+v, %v", got, err)
	}
	dearer := args
	dearer.Amount = amount("CHF:13")
	_, err = ask(dearer)
	wantFault(t, err, fault.Conflict, "withdrawal-reused")
	elsewhere := args
	elsewhere.Exchange = w.another()
	_, err = ask(elsewhere)
	wantFault(t, err, fault.Conflict, "withdrawal-reused")
	status, r := w.reserve(first.Reserve)
	if status != wire.ReserveCreated || r.ReservePriv.IsZero() || r.Seed.IsZero() || r.ReservePriv == r.Seed {
		t.Error("the secrets are not stored")
	}
}

func TestReservesThatAreNotMade(t *testing.T) {
	w := readyWallet(t)
	for name, row := range map[string]struct {
		change func(*wire.PrepareArgs)
		kind   fault.Kind
		reason fault.Reason
	}{
		"no amount":        {func(a *wire.PrepareArgs) { a.Amount = wire.Amount{} }, fault.Invalid, wire.ReasonAmountRequired},
		"too small":        {func(a *wire.PrepareArgs) { a.Amount = amount("CHF:0.05") }, fault.Invalid, "amount-too-small"},
		"another currency": {func(a *wire.PrepareArgs) { a.Amount = amount("EUR:5") }, fault.Invalid, wire.ReasonCurrencyMismatch},
		"a foreign account": {
			func(a *wire.PrepareArgs) { a.Account = "payto://iban/DE75512108001245126199?receiver-name=Mallory" },
			fault.Denied, wire.ReasonUnknownAccount,
		},
		"a bank without a withdrawal": {func(a *wire.PrepareArgs) { a.BankURL = "https://bank.example/" }, fault.Invalid, wire.ReasonParameterMissing},
		"later, without a bank":       {func(a *wire.PrepareArgs) { a.Amount, a.Open = amount("CHF:0"), true }, fault.Invalid, wire.ReasonParameterMalformed},
		"later, and now": {
			func(a *wire.PrepareArgs) {
				a.Open, a.WOPID, a.BankURL = true, wire.WOPID{1}.ID(), "https://bank.example/"
			},
			fault.Invalid, wire.ReasonParameterMalformed,
		},
		"later, in another currency": {
			func(a *wire.PrepareArgs) {
				a.Amount, a.Open, a.WOPID, a.BankURL = amount("EUR:0"), true, wire.WOPID{1}.ID(), "https://bank.example/"
			},
			fault.Invalid, wire.ReasonCurrencyMismatch,
		},
		"no exchange": {func(a *wire.PrepareArgs) { a.Exchange = "" }, fault.Invalid, "instrument-missing"},
	} {
		t.Run(name, func(t *testing.T) {
			args := wire.PrepareArgs{Exchange: w.exchange, Amount: amount("CHF:12"), Account: exchangePayto}
			row.change(&args)
			_, err := w.batch("PREPARE", "", args)
			wantFault(t, err, row.kind, row.reason)
		})
	}
	t.Run("an exchange whose keys were not read", func(t *testing.T) {
		w := openWallet(t)
		_, err := w.batch("PREPARE", "", wire.PrepareArgs{Exchange: w.exchange, Amount: amount("CHF:12")})
		wantFault(t, err, fault.Conflict, "exchange-not-ready")
	})
}

func TestAReserveProvesItselfAndNothingElse(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "")
	message := []byte("the digest of an offer")
	result, err := w.batch("PROVE", r.Reserve, wire.ProveArgs{Message: message})
	got := valueOf[wire.ProveResult](t, result, err)
	if !wire.VerifyReserveProof(r.ReservePub, message, got.Signature) {
		t.Error("the proof does not verify")
	}
	if wire.VerifyReserveProof(r.ReservePub, []byte("another"), got.Signature) || wire.VerifyReserveProof(r.ReservePub, message, got.Signature[1:]) {
		t.Error("another proof verifies")
	}
	// What Taler signs begins with its own length: it can never be such a proof.
	consent := crypto.CoinWithdrawal{AmountWithFee: amount("CHF:1")}.Message()
	result, err = w.batch("PROVE", r.Reserve, wire.ProveArgs{Message: consent})
	if r.ReservePub.Verify(consent, wire.EddsaSignature(valueOf[wire.ProveResult](t, result, err).Signature)) {
		t.Error("a proof is the reserve's consent to pay for a coin")
	}
	_, err = w.batch("PROVE", r.Reserve, wire.ProveArgs{})
	wantFault(t, err, fault.Invalid, wire.ReasonParameterMalformed)
}

func TestAbandoningAReserve(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "")
	for range 2 {
		if _, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "declined"}); err != nil {
			t.Fatal(err)
		}
	}
	if status, state := w.reserve(r.Reserve); status != wire.ReserveAborted || state.Reason != "declined" || state.ReservePriv.IsZero() {
		t.Errorf("the reserve is %s because of %q", status, state.Reason)
	}
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.Conflict, "withdrawal-ended")

	sent := w.prepare("CHF:12", "CHF:12")
	w.mint.always(http.MethodPost, 500, "")
	_, _ = w.batch("WITHDRAW", sent.Reserve, nil)
	_, err = w.batch("ABANDON", sent.Reserve, wire.AbandonArgs{Reason: "impatient"})
	wantFault(t, err, fault.Conflict, "not-abandonable")
}

// A reserve that is empty is given up although coins were asked for, if that was
// refused; whoever goes on after all sends the same request.
func TestAnEmptyReserveIsGivenUpWithItsRequest(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.always(http.MethodPost, 451, `{"code":1028}`)
	_, _ = w.batch("WITHDRAW", r.Reserve, nil)
	_, before := w.reserve(r.Reserve)
	for range 2 {
		if _, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "closed", Empty: true}); err != nil {
			t.Fatal(err)
		}
	}
	status, state := w.reserve(r.Reserve)
	if status != wire.ReserveAborted || state.Reason != "closed" || state.Batch == nil || !bytes.Equal(state.Batch.Body, before.Batch.Body) {
		t.Errorf("the reserve is %s because of %q, with a request: %v", status, state.Reason, state.Batch != nil)
	}
	w.mint.with(func() { w.mint.intercept = nil })
	result, err := w.batch("WITHDRAW", r.Reserve, nil)
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || got.Coins != len(w.coins()) {
		t.Errorf("withdrew %+v", got)
	}
	if status, state := w.reserve(r.Reserve); status != wire.ReserveDone || state.Reason != "" || state.NextCoin != before.NextCoin {
		t.Errorf("the reserve is %s because of %q", status, state.Reason)
	}
}

// So is one whose request was refused for good, by the exchange's word: its money has gone back
// since, and nothing else would ever end it. If there is money after all, coins are made of it.
func TestAnEmptyReserveIsGivenUpWithoutARequest(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.always(http.MethodPost, 404, w.mint.proof(wire.CodeDenominationUnknown, w.state().Denominations[0].DenomPubHash))
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.NotFound, wire.ReasonDenominationUnknown)
	w.mint.with(func() { w.mint.intercept, w.mint.balances[r.ReservePub] = nil, amount("CHF:0") })
	_, err = w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount("CHF:0")})
	wantFault(t, err, fault.Invalid, "amount-too-small")
	_, err = w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "impatient"})
	wantFault(t, err, fault.Conflict, "not-abandonable")
	if _, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "closed", Empty: true}); err != nil {
		t.Fatal(err)
	}
	if status, state := w.reserve(r.Reserve); status != wire.ReserveAborted || state.Reason != "closed" || state.Evidence == nil {
		t.Errorf("the reserve is %s because of %q", status, state.Reason)
	}
	_, err = w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.Conflict, "withdrawal-ended")
	w.mint.with(func() { w.mint.balances[r.ReservePub] = amount("CHF:12") })
	result, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount("CHF:12")})
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || got.Coins != len(w.coins()) {
		t.Errorf("withdrew %+v", got)
	}
}

// While the answer to a request is missing its coins may be there: nothing is given up.
func TestARequestWithoutAnAnswerIsNotGivenUp(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.always(http.MethodPost, 500, "")
	_, _ = w.batch("WITHDRAW", r.Reserve, nil)
	_, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "closed", Empty: true})
	wantFault(t, err, fault.Conflict, "not-abandonable")
	if status, _ := w.reserve(r.Reserve); status != wire.ReserveSent {
		t.Errorf("the reserve is %s", status)
	}
}

// By the person's word it is, if the exchange has nothing left. The request stays, so coins that
// were made all the same come to whoever goes on.
func TestARequestWithoutAnAnswerIsForgone(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.always(http.MethodPost, 500, "")
	_, _ = w.batch("WITHDRAW", r.Reserve, nil)
	_, before := w.reserve(r.Reserve)
	_, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "impatient", Forgo: true})
	wantFault(t, err, fault.Conflict, "not-abandonable")
	if _, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "closed", Empty: true, Forgo: true}); err != nil {
		t.Fatal(err)
	}
	status, state := w.reserve(r.Reserve)
	if status != wire.ReserveAborted || state.Batch == nil || state.Batch.Clean || !bytes.Equal(state.Batch.Body, before.Batch.Body) {
		t.Errorf("the reserve is %s, with a request: %v", status, state.Batch != nil)
	}
	w.mint.with(func() { w.mint.intercept = nil })
	result, err := w.batch("WITHDRAW", r.Reserve, nil)
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || got.Coins != len(w.coins()) {
		t.Errorf("withdrew %+v", got)
	}
}

// No answer of an operation, and no journal entry, may hold a key.
func TestSecretsStayInTheState(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	_, state := w.reserve(r.Reserve)
	secrets := []string{crypto.Encode(state.ReservePriv[:]), crypto.Encode(state.Seed[:])}
	for _, operation := range []string{"AWAIT", "WITHDRAW", "WITHDRAW"} {
		result, err := w.batch(operation, r.Reserve, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if bytes.Contains(result.Value, []byte(s)) {
				t.Errorf("%s shows a secret", operation)
			}
		}
	}
	printed := fmt.Sprintf("%v %+v %#v %s %x", state, state, state, state.ReservePriv, state.ReservePriv)
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if bytes.Contains([]byte(printed), []byte(s)) || !bytes.Contains(text, []byte(s)) {
			t.Error("a secret is printed, or not stored")
		}
	}
}
