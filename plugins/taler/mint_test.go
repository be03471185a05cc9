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

func TestMoneyBecomesCoins(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:25.3", "CHF:25.3")
	result, err := w.batch("WITHDRAW", r.Reserve, nil)
	got := valueOf[wire.WithdrawResult](t, result, err)
	// 2 × 10, 2 × 2, 11 × 0.1, each with 0.01: 25.25 spent, 0.05 is too little.
	if want := (wire.WithdrawResult{Coins: 15, Amount: amount("CHF:25.1"), Fees: amount("CHF:0.15")}); got != want {
		t.Errorf("withdrew %+v, want %+v", got, want)
	}
	coins := w.coins()
	if len(coins) != got.Coins {
		t.Errorf("%d coins are stored", len(coins))
	}
	sum := amount("CHF:0")
	seen := map[uint32]bool{}
	for _, c := range coins {
		if !c.Verified() || c.ReservePub != r.ReservePub || c.ExchangeURL != w.mint.URL+"/" || seen[c.Index] {
			t.Errorf("coin %d is not sound", c.Index)
		}
		seen[c.Index] = true
		sum, _ = sum.Add(c.Value)
	}
	if sum != got.Amount {
		t.Errorf("the coins are worth %s", sum)
	}
	status, reserve := w.reserve(r.Reserve)
	if status != wire.ReserveDone || reserve.Remainder != amount("CHF:0.05") || reserve.Batch != nil {
		t.Errorf("the reserve is %s with %s left", status, reserve.Remainder)
	}
	again, err := w.batch("WITHDRAW", r.Reserve, nil)
	if valueOf[wire.WithdrawResult](t, again, err) != got || len(w.coins()) != 15 || len(w.mint.requests) != 1 {
		t.Error("withdrawing again did something")
	}
}

func TestManyCoinsGoInBatches(t *testing.T) {
	w := openWallet(t)
	w.mint.keys.Denominations = w.mint.keys.Denominations[2:] // only 0.1
	w.mint.sign()
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	r := w.prepare("CHF:14.3", "CHF:14.3") // 130 coins
	result, err := w.batch("WITHDRAW", r.Reserve, nil)
	got := valueOf[wire.WithdrawResult](t, result, err)
	if got.Coins != 130 || got.Amount != amount("CHF:13") || got.Fees != amount("CHF:1.3") || len(w.mint.requests) != 3 || len(w.coins()) != 130 {
		t.Errorf("%+v in %d requests", got, len(w.mint.requests))
	}
}

func TestWithdrawsNoMoreThanThereIs(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:25", "CHF:12.5")
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.Conflict, wire.ReasonInsufficientFunds)
	if status, reserve := w.reserve(r.Reserve); status != wire.ReserveSent || reserve.Batch == nil || reserve.Evidence == nil {
		t.Errorf("the reserve is %s", status)
	}
	result, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount("CHF:12.5")})
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Amount != amount("CHF:12.4") {
		t.Errorf("withdrew %+v", got)
	}
	indices := map[uint32]bool{}
	for _, c := range w.coins() {
		indices[c.Index] = true
	}
	if indices[0] {
		t.Error("the number of a coin that the exchange has seen was used again")
	}
}

// The exchange has signed and its answer is lost. Only the same bytes may
// follow, and they cost nothing.
func TestALostAnswerIsAskedForAgainWithTheSameBytes(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.with(func() {
		w.mint.corrupt = func([]wire.BlindSignature) { panic(http.ErrAbortHandler) }
	})
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	if fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	if status, reserve := w.reserve(r.Reserve); status != wire.ReserveSent || reserve.Batch == nil || len(w.coins()) != 0 {
		t.Fatalf("the reserve is %s", status)
	}
	// Meanwhile the exchange has other keys; the frozen batch does not care.
	w.mint.with(func() {
		w.mint.corrupt = nil
		w.mint.keys.Denominations = w.mint.keys.Denominations[:1]
		w.mint.sign()
	})
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		t.Fatal(err)
	}
	result, err := w.batch("WITHDRAW", r.Reserve, nil)
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 {
		t.Errorf("withdrew %+v", got)
	}
	if len(w.mint.requests) < 2 || !bytes.Equal(w.mint.requests[0], w.mint.requests[1]) {
		t.Error("the request was not the same")
	}
	spent, _ := amount("CHF:12").Sub(w.mint.balances[r.ReservePub])
	status, reserve := w.reserve(r.Reserve)
	if made, _ := reserve.Value.Add(reserve.Fees); status != wire.ReserveDone || spent != made {
		t.Errorf("the exchange took %s for coins of %s (%s)", spent, made, status)
	}
}

func TestAForgedSignatureMakesNoCoin(t *testing.T) {
	for name, corrupt := range map[string]func([]wire.BlindSignature){
		"one bit":        func(r []wire.BlindSignature) { r[0].BlindedRSASignature[9] ^= 1 },
		"two swapped":    func(r []wire.BlindSignature) { r[0], r[1] = r[1], r[0] },
		"of another key": func(r []wire.BlindSignature) { r[0].BlindedRSASignature = wrongKey() },
		"above the modulus": func(r []wire.BlindSignature) {
			r[0].BlindedRSASignature = bytes.Repeat([]byte{0xff}, 256)
		},
		"nothing": func(r []wire.BlindSignature) { r[0].BlindedRSASignature = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:13", "CHF:13")
			w.mint.with(func() { w.mint.corrupt = corrupt })
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, fault.Invalid, "coin-signature-invalid")
			status, reserve := w.reserve(r.Reserve)
			if status != wire.ReserveFailed || reserve.Proof == nil || reserve.Batch == nil || reserve.ReservePriv.IsZero() {
				t.Errorf("the reserve is %s and the proof is incomplete", status)
			}
			if len(w.coins()) != 0 {
				t.Error("there are coins")
			}
			if !bytes.Equal(reserve.Proof.Request, w.mint.requests[0]) {
				t.Error("the proof is not what was sent")
			}
			// An exchange that answers well after all makes the coins, and its fault
			// stays on record.
			w.mint.with(func() { w.mint.corrupt = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins != len(w.coins()) || got.Coins == 0 {
				t.Errorf("withdrew %+v", got)
			}
			if status, after := w.reserve(r.Reserve); status != wire.ReserveDone || after.Proof == nil || after.Reason != "" {
				t.Errorf("the reserve is %s, because of %q", status, after.Reason)
			}
		})
	}
}

// wrongKey is a signature by a denomination that was not asked for.
func wrongKey() []byte {
	signed, err := rsaKeys()[3].SignBlinded([]byte{1, 2, 3})
	if err != nil {
		panic(err)
	}
	return signed
}

func TestHostileAnswersLeaveTheBatchAsItWas(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":        ``,
		"no JSON":        `<html>`,
		"null":           `null`,
		"another type":   `{"ev_sigs":7}`,
		"no signatures":  `{"ev_sigs":[]}`,
		"too many":       `{"ev_sigs":[{},{},{},{},{},{}]}`,
		"another cipher": `{"ev_sigs":[{"ev_sig":{"cipher":"CS"}},{"ev_sig":{"cipher":"CS"}}]}`,
		"foreign base32": `{"ev_sigs":[{"ev_sig":{"cipher":"RSA","blinded_rsa_signature":"!!!!"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12.1", "CHF:12.1") // 10 and 2
			w.mint.always(http.MethodPost, 200, body)
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, fault.Invalid, wire.ReasonAnswerMalformed)
			w.mint.with(func() { w.mint.intercept = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 {
				t.Error("nothing could be withdrawn afterwards")
			}
		})
	}
}

func TestRefusalsOfAnExchange(t *testing.T) {
	for _, row := range []struct {
		status int
		code   wire.Code
		kind   fault.Kind
		reason fault.Reason
		frozen bool // only the same bytes may follow
	}{
		{404, wire.CodeDenominationUnknown, fault.NotFound, wire.ReasonDenominationUnknown, false},
		{410, wire.CodeDenominationExpired, fault.Conflict, wire.ReasonDenominationExpired, false},
		{410, wire.CodeDenominationNotYet, fault.Conflict, wire.ReasonDenominationNotYet, false},
		{412, wire.CodeDenominationNotYet, fault.Conflict, wire.ReasonDenominationNotYet, false},
		{410, wire.CodeDenominationRevoked, fault.Conflict, wire.ReasonDenominationRevoked, true},
		{410, wire.CodeDenominationKeyLost, fault.Conflict, wire.ReasonDenominationKeyLost, true},
		{409, wire.CodeInsufficientFunds, fault.Conflict, wire.ReasonInsufficientFunds, true},
		{404, wire.CodeReserveUnknown, fault.NotFound, wire.ReasonReserveUnknown, true},
		{403, wire.CodeReserveSignature, fault.Denied, wire.ReasonReserveSignature, true},
		{409, wire.CodeBatchPartlyWithdrawn, fault.Conflict, wire.ReasonBatchPartlyWithdrawn, true},
		{451, wire.CodeKYCRequired, fault.Denied, wire.ReasonKYCRequired, true},
		{400, wire.CodeJSONInvalid, fault.Invalid, wire.ReasonJSONInvalid, true},
		{500, wire.CodeDBCommitFailed, fault.Unknown, "exchange-failed", true},
		{503, wire.CodeNone, fault.Unknown, "exchange-failed", true},
	} {
		t.Run(fmt.Sprint(row.status, "/", row.code), func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12", "CHF:12")
			w.mint.always(http.MethodPost, row.status, w.mint.proof(row.code, w.state().Denominations[0].DenomPubHash))
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, row.kind, row.reason)
			status, reserve := w.reserve(r.Reserve)
			if status != wire.ReserveSent || (reserve.Batch != nil) != row.frozen || reserve.Evidence == nil || reserve.Evidence.Status != row.status {
				t.Errorf("the reserve is %s, frozen %v", status, reserve.Batch != nil)
			}
			w.mint.with(func() { w.mint.intercept = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 {
				t.Error("the reserve is of no use any more")
			}
		})
	}
}

func TestWithdrawingBeforeTheMoneyIsThere(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "")
	await := func() wire.AwaitResult {
		result, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{TimeoutMS: 1})
		return valueOf[wire.AwaitResult](t, result, err)
	}
	if got := await(); got.Exists {
		t.Errorf("awaited %+v", got)
	}
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.NotFound, wire.ReasonReserveUnknown)
	w.mint.with(func() { w.mint.balances[r.ReservePub] = amount("CHF:12") })
	if got := await(); !got.Exists || got.Balance != amount("CHF:12") {
		t.Errorf("awaited %+v", got)
	}
	if _, err := w.batch("WITHDRAW", r.Reserve, nil); err != nil {
		t.Fatal(err)
	}
	if len(w.mint.requests) != 2 || !bytes.Equal(w.mint.requests[0], w.mint.requests[1]) {
		t.Error("another batch was made")
	}
}

func TestAnswersToAwaitThatAreNotTaken(t *testing.T) {
	for name, row := range map[string]struct {
		body   string
		kind   fault.Kind
		reason fault.Reason
	}{
		"another currency": {`{"balance":"EUR:12"}`, fault.Invalid, wire.ReasonCurrencyMismatch},
		"age restricted":   {`{"balance":"CHF:12","maximum_age_group":3}`, fault.Unsupported, "age-restricted"},
		"no balance":       {`{}`, fault.Invalid, wire.ReasonCurrencyMismatch},
		"no JSON":          {`<p>`, fault.Invalid, wire.ReasonAnswerMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12", "CHF:12")
			w.mint.always(http.MethodGet, 200, row.body)
			_, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{})
			wantFault(t, err, row.kind, row.reason)
		})
	}
}

// Where the money came from is for people, and spelt as its bank likes.
func TestAnOriginThatNobodyCanReadIsIgnored(t *testing.T) {
	for _, origin := range []string{
		"x", "", "payto://iban/DE1?receiver-name=me", "payto://iban/de75512108001245126199", "payto://x-taler-bank/bank:8080/alice", "payto://iban/DE1?receiver-name=x y",
	} {
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		body, _ := json.Marshal(map[string]string{"balance": "CHF:12", "last_origin": origin})
		w.mint.always(http.MethodGet, 200, string(body))
		result, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{})
		if got := valueOf[wire.AwaitResult](t, result, err); !got.Exists || got.Balance != amount("CHF:12") {
			t.Errorf("%q: awaited %+v", origin, got)
		}
	}
}

// An exchange that has failed, with Taler's body or a proxy's, is one to ask again.
func TestAFailureOfAnExchangePasses(t *testing.T) {
	for status, body := range map[int]string{500: `{"code":5005}`, 502: "<h1>", 503: "", 504: `{"code":0}`, 429: ""} {
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		w.mint.always(http.MethodGet, status, body)
		_, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{})
		wantFault(t, err, fault.Unavailable, "exchange-failed")
		for _, operation := range []string{"REFRESH", "TERMS"} {
			_, err = w.do("taler.exchange", operation, w.exchange, nil)
			wantFault(t, err, fault.Unavailable, "exchange-failed")
		}
	}
}

func TestWhatAnAmountBecomes(t *testing.T) {
	w := readyWallet(t)
	for _, row := range []struct {
		name, amount string
		coins        int
		left         string
		reason       fault.Reason
	}{
		{"several", "CHF:12.25", 4, "CHF:0.01", ""}, // 10.01, 2.01, 2 × 0.11
		{"exactly one", "CHF:0.11", 1, "CHF:0", ""},
		{"without the fee", "CHF:0.1", 0, "", "amount-too-small"},
		{"nothing", "CHF:0", 0, "", "amount-too-small"},
		{"another currency", "EUR:10", 0, "", wire.ReasonCurrencyMismatch},
		{"more coins than one wants", "CHF:4503599627370496", 0, "", "too-many-coins"},
	} {
		t.Run(row.name, func(t *testing.T) {
			result, err := w.batch("PREVIEW", "", wire.PreviewArgs{Exchange: w.exchange, Amount: amount(row.amount)})
			if row.reason != "" {
				wantFault(t, err, fault.Invalid, row.reason)
				return
			}
			got := valueOf[wire.PreviewResult](t, result, err)
			total, _ := got.Amount.Add(got.Fees)
			total, _ = total.Add(got.Remainder)
			if got.Coins != row.coins || got.Remainder != amount(row.left) || total != amount(row.amount) {
				t.Errorf("previewed %+v", got)
			}
		})
	}
}

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
