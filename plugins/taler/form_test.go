package taler_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// newer makes the exchange one of protocol 26 that knows the generations down to
// oldest, and has the wallet read that.
func (w *wallet) newer(oldest uint32) {
	w.t.Helper()
	w.mint.with(func() {
		w.mint.config.Version = wire.Version{Current: 26, Age: 26 - oldest}
		w.mint.keys.Version = w.mint.config.Version
	})
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil {
		w.t.Fatal(err)
	}
}

func TestBothFormsMakeTheSameCoins(t *testing.T) {
	var got [2]wire.WithdrawResult
	for n, protocol := range []string{wire.ProtocolBatchWithdraw, wire.ProtocolWithdraw26} {
		w := readyWallet(t)
		if protocol == wire.ProtocolWithdraw26 {
			w.newer(26)
		}
		r := w.prepare("CHF:25.3", "CHF:25.3")
		result, err := w.do(protocol, "WITHDRAW", r.Reserve, nil)
		got[n] = valueOf[wire.WithdrawResult](t, result, err)
		for _, c := range w.coins() {
			if !c.Verified() {
				t.Errorf("%s made a coin that is not sound", protocol)
			}
		}
		left, _ := amount("CHF:25.3").Sub(got[n].Amount)
		left, _ = left.Sub(got[n].Fees)
		if w.mint.balances[r.ReservePub] != left || len(w.coins()) != got[n].Coins {
			t.Errorf("%s: %+v, and %s is left", protocol, got[n], w.mint.balances[r.ReservePub])
		}
	}
	if got[0] != got[1] || got[0].Coins != 15 {
		t.Errorf("withdrew %+v and %+v", got[0], got[1])
	}
}

// A request that may have arrived is of one form: nothing of its planchets is
// signed in the other.
func TestAFrozenBatchStaysInItsForm(t *testing.T) {
	w := readyWallet(t)
	w.newer(17)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.with(func() { w.mint.corrupt = func([]wire.BlindSignature) { panic(http.ErrAbortHandler) } })
	if _, err := w.unified("WITHDRAW", r.Reserve, nil); fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	w.mint.with(func() { w.mint.corrupt = nil })
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.Conflict, "protocol-differs")
	result, err := w.unified("WITHDRAW", r.Reserve, nil)
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || !bytes.Equal(w.mint.requests[0], w.mint.requests[len(w.mint.requests)-1]) {
		t.Errorf("withdrew %+v", got)
	}
}

func TestAnEndpointThatIsMissing(t *testing.T) {
	for name, row := range map[string]struct {
		oldest uint32
		older  bool // the older form may follow
	}{
		"of an exchange that has both": {17, true},
		"of a newer one":               {26, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			w.newer(row.oldest)
			r := w.prepare("CHF:12", "CHF:12")
			w.mint.with(func() { w.mint.unifiedGone = true })
			_, err := w.unified("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, fault.NotFound, wire.ReasonEndpointUnknown)
			_, reserve := w.reserve(r.Reserve)
			if (reserve.Batch == nil) != row.older || (reserve.Lacks == wire.ProtocolWithdraw26) != row.older || (len(reserve.GivenUp) == 1) != row.older {
				t.Errorf("the batch is given up: %v, lacks %q", reserve.Batch == nil, reserve.Lacks)
			}
			_, err = w.batch("WITHDRAW", r.Reserve, nil)
			if !row.older {
				wantFault(t, err, fault.Conflict, "protocol-differs")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range w.coins() {
				if c.Index < reserve.NextCoin {
					t.Error("a planchet that was signed in one form was signed in the other")
				}
			}
		})
	}
}

// An exchange that was brought up to date in the middle does not know the older
// form any more: nobody was charged, and the newer one follows.
func TestAnExchangeIsBroughtUpToDateInTheMiddle(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.with(func() { w.mint.intercept = answerInstead(451, `{"code":1028}`) })
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.Denied, wire.ReasonKYCRequired)
	w.mint.with(func() { w.mint.intercept = nil })
	w.newer(26)
	w.mint.with(func() { w.mint.intercept = answerInstead(404, `{"code":21}`) })
	_, err = w.batch("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.NotFound, wire.ReasonEndpointUnknown)
	_, reserve := w.reserve(r.Reserve)
	if reserve.Batch != nil || reserve.Lacks != wire.ProtocolBatchWithdraw {
		t.Errorf("the batch is given up: %v, lacks %q", reserve.Batch == nil, reserve.Lacks)
	}
	w.mint.with(func() { w.mint.intercept = nil })
	if _, err = w.unified("WITHDRAW", r.Reserve, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range w.coins() {
		if c.Index < reserve.NextCoin {
			t.Error("a planchet that was signed in one form was signed in the other")
		}
	}
}

// An exchange that may have made the coins, or has, says later that it has not what was
// asked: no other request follows.
func TestAnEndpointThatIsGoneAfterTheCharge(t *testing.T) {
	gone := answerInstead(404, `{"code":21}`)
	for name, charge := range map[string]func(w *wallet, r wire.PrepareResult) error{
		"and its answer was lost": func(w *wallet, r wire.PrepareResult) error {
			w.mint.with(func() { w.mint.corrupt = func([]wire.BlindSignature) { panic(http.ErrAbortHandler) } })
			if _, err := w.batch("WITHDRAW", r.Reserve, nil); fault.KindOf(err) != fault.Unknown {
				return err
			}
			w.mint.with(func() { w.mint.corrupt, w.mint.intercept = nil, gone })
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			return err
		},
		"as somebody on the way says": func(w *wallet, r wire.PrepareResult) error {
			w.mint.with(func() {
				w.mint.intercept = func(out http.ResponseWriter, in *http.Request) bool {
					if in.Method == http.MethodPost {
						in.SetPathValue("pub", r.ReservePub.String())
						w.mint.batchWithdraw(httptest.NewRecorder(), in)
					}
					return gone(out, in)
				}
			})
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			w.newer(17)
			r := w.prepare("CHF:12.1", "CHF:12.1")
			wantFault(t, charge(w, r), fault.NotFound, wire.ReasonEndpointUnknown)
			if _, reserve := w.reserve(r.Reserve); reserve.Batch == nil || reserve.Lacks != "" {
				t.Errorf("the request is given up, and it lacks %q", reserve.Lacks)
			}
			w.mint.with(func() { w.mint.intercept = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || len(w.mint.issued) != len(w.coins()) {
				t.Errorf("withdrew %+v, and the exchange has made %d coins", got, len(w.mint.issued))
			}
		})
	}
}

// That an endpoint is missing the exchange says itself: a page of a proxy on the way
// gives nothing up.
func TestAPageIsNotTheWordOfAnExchange(t *testing.T) {
	w := readyWallet(t)
	w.newer(17)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.with(func() { w.mint.intercept = answerInstead(404, "<html>not found</html>") })
	_, err := w.unified("WITHDRAW", r.Reserve, nil)
	wantFault(t, err, fault.NotFound, wire.ReasonEndpointUnknown)
	_, reserve := w.reserve(r.Reserve)
	if reserve.Batch == nil || reserve.Lacks != "" {
		t.Errorf("the batch is given up, and it lacks %q", reserve.Lacks)
	}
	w.mint.with(func() { w.mint.intercept = nil })
	if _, err = w.unified("WITHDRAW", r.Reserve, nil); err != nil {
		t.Error(err)
	}
}

func TestTheClassPrefersTheNewestForm(t *testing.T) {
	w := openWallet(t)
	class, err := w.Instruments.Class("taler-reserve")
	if err != nil {
		t.Fatal(err)
	}
	both := []string{wire.ProtocolBatchWithdraw, wire.ProtocolWithdraw26}
	for _, row := range []struct {
		common, liked []string
		want          string
	}{
		{both, nil, wire.ProtocolWithdraw26},
		{both, both[:1], wire.ProtocolBatchWithdraw},
		{both[:1], nil, wire.ProtocolBatchWithdraw},
		{both[1:], both[:1], wire.ProtocolWithdraw26},
		{[]string{"taler.withdraw-99"}, nil, ""},
	} {
		got, err := class.Prefer(row.common, circumstances(row.liked))
		if got != row.want || (err == nil) != (row.want != "") {
			t.Errorf("of %v, liking %v: %q, %v", row.common, row.liked, got, err)
		}
	}
}

// A refusal that must be signed and is not, is none: the exchange may have signed
// the coins, and only the same request may follow.
func TestARefusalNeedsItsProof(t *testing.T) {
	for name, spoil := range map[string]func(*wallet, *wire.ExchangeError){
		"no proof":                 func(_ *wallet, e *wire.ExchangeError) { *e = wire.ExchangeError{ErrorDetail: e.ErrorDetail} },
		"a wrong signature":        func(_ *wallet, e *wire.ExchangeError) { e.ExchangeSig[7] ^= 1 },
		"a key of nobody":          func(_ *wallet, e *wire.ExchangeError) { e.ExchangePub = eddsaKey().Public() },
		"another time":             func(_ *wallet, e *wire.ExchangeError) { e.Timestamp++ },
		"another denomination":     func(w *wallet, e *wire.ExchangeError) { e.HDenomPub = &wire.HashCode{1} },
		"no denomination":          func(_ *wallet, e *wire.ExchangeError) { e.HDenomPub = nil },
		"another refusal's proof":  func(_ *wallet, e *wire.ExchangeError) { e.Code = wire.CodeDenominationExpired },
		"a key that was long over": func(_ *wallet, e *wire.ExchangeError) { e.Timestamp = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12", "CHF:12")
			var e wire.ExchangeError
			if err := json.Unmarshal([]byte(w.mint.proof(wire.CodeDenominationUnknown, w.state().Denominations[0].DenomPubHash)), &e); err != nil {
				t.Fatal(err)
			}
			spoil(w, &e)
			body, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			w.mint.always(http.MethodPost, 404, string(body))
			_, err = w.batch("WITHDRAW", r.Reserve, nil)
			if fault.ReasonOf(err) != wire.ReasonRefusalUnproven {
				t.Fatalf("got %v", err)
			}
			if _, reserve := w.reserve(r.Reserve); reserve.Batch == nil || reserve.Evidence == nil {
				t.Error("the request was given up")
			}
			w.mint.with(func() { w.mint.intercept = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || len(w.mint.requests) != 1 {
				t.Errorf("withdrew %+v", got)
			}
		})
	}
}

// More than was agreed to stays at the exchange and is accounted for.
func TestWhatComesBeyondTheAmountIsNotWithdrawn(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12.1", "CHF:30")
	result, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount("CHF:30")})
	got := valueOf[wire.WithdrawResult](t, result, err)
	_, reserve := w.reserve(r.Reserve)
	sum := got.Amount
	for _, a := range []wire.Amount{got.Fees, reserve.Remainder, reserve.Surplus} {
		sum, _ = sum.Add(a)
	}
	if reserve.Surplus != amount("CHF:17.9") || sum != amount("CHF:30") {
		t.Errorf("%+v, %s remain and %s are surplus", got, reserve.Remainder, reserve.Surplus)
	}
}
