package taler_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
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
