package taler_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

// wordOnly are refusals that nobody has signed.
func wordOnly() map[string]struct {
	status int
	body   string
} {
	return map[string]struct {
		status int
		body   string
	}{
		"too little money": {409, `{"code":1150,"balance":"CHF:1.98"}`},
		"revoked":          {410, `{"code":1010}`},
		"a lost key":       {410, `{"code":1158}`},
	}
}

// The exchange has charged, its answer is lost, and then it refuses by its mere
// word: the coins are made all the same, and only the same bytes get them.
func TestAWordOfRefusalAfterALostAnswerIsNotTheEnd(t *testing.T) {
	for how, lose := range map[string]func(*wallet){
		"a broken connection": func(w *wallet) {
			w.mint.corrupt = func([]wire.BlindSignature) { panic(http.ErrAbortHandler) }
		},
		"a proxy that gave up":    func(w *wallet) { w.mint.intercept = answerInstead(504, "") },
		"a proxy that was waited": func(w *wallet) { w.mint.intercept = answerInstead(408, "") },
		"an error of its own":     func(w *wallet) { w.mint.intercept = answerInstead(500, `{"code":5005}`) },
	} {
		for name, refusal := range wordOnly() {
			t.Run(how+", then "+name, func(t *testing.T) {
				w := readyWallet(t)
				r := w.prepare("CHF:12", "CHF:12")
				w.mint.with(func() { lose(w) })
				if _, err := w.batch("WITHDRAW", r.Reserve, nil); fault.KindOf(err) != fault.Unknown {
					t.Fatalf("got %v", err)
				}
				w.mint.with(func() { w.mint.corrupt = nil })
				w.mint.always(http.MethodPost, refusal.status, refusal.body)
				for range 2 {
					_, err := w.batch("WITHDRAW", r.Reserve, nil)
					if fault.ReasonOf(err) != "refusal-unproven" {
						t.Fatalf("got %v", err)
					}
				}
				if status, reserve := w.reserve(r.Reserve); status != wire.ReserveFailed || reserve.Batch == nil || reserve.Evidence.Status != refusal.status {
					t.Fatalf("the reserve is %s, kept %v", status, reserve.Batch != nil)
				}
				w.mint.with(func() { w.mint.intercept = nil })
				result, err := w.batch("WITHDRAW", r.Reserve, nil)
				if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || got.Coins != len(w.coins()) {
					t.Errorf("withdrew %+v", got)
				}
				first, last := w.mint.requests[0], w.mint.requests[len(w.mint.requests)-1]
				if status, reserve := w.reserve(r.Reserve); status != wire.ReserveDone || reserve.Reason != "" || !bytes.Equal(first, last) {
					t.Errorf("the reserve is %s, because of %q", status, reserve.Reason)
				}
			})
		}
	}
}

// answerInstead is somebody on the way who answers for the exchange.
func answerInstead(status int, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// What is left is what the very request would have left: it was charged, whatever
// the exchange says, as when somebody on the way has repeated it.
func TestARefusalThatShowsTheChargeIsNotTheEnd(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12.1", "CHF:12.1") // 10.01 and 2.01 leave 0.08
	w.mint.always(http.MethodPost, 409, `{"code":1150,"balance":"CHF:0.08"}`)
	_, err := w.batch("WITHDRAW", r.Reserve, nil)
	if _, reserve := w.reserve(r.Reserve); fault.ReasonOf(err) != "refusal-unproven" || reserve.Batch == nil {
		t.Errorf("kept %v: %v", reserve.Batch != nil, err)
	}
	if hint := fault.From(err).Hint; !strings.Contains(hint, "closed the reserve") || strings.Contains(hint, "lost") {
		t.Errorf("a person reads %q, and no answer was lost", hint)
	}
}

// Nothing has arrived at an exchange that could not be connected to.
func TestAnExchangeThatWasNotReachedKeepsNothing(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.Config.SetKeepAlivesEnabled(false)
	if _, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{}); err != nil { // from here on each request needs a connection of its own
		t.Fatal(err)
	}
	w.mint.Close()
	if _, err := w.batch("WITHDRAW", r.Reserve, nil); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("got %v", err)
	}
	if _, reserve := w.reserve(r.Reserve); reserve.Batch == nil || !reserve.Batch.Clean {
		t.Error("the request is taken for one that may have arrived")
	}
}

// Nor does that make good what was lost before: the coins of the request may be there, and
// a word of refusal is not believed.
func TestAnAnswerThatWasLostStaysLost(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "CHF:12")
	w.mint.with(func() { w.mint.corrupt = func([]wire.BlindSignature) { panic(http.ErrAbortHandler) } })
	if _, err := w.batch("WITHDRAW", r.Reserve, nil); fault.KindOf(err) != fault.Unknown {
		t.Fatalf("got %v", err)
	}
	w.mint.Close()
	if _, err := w.batch("WITHDRAW", r.Reserve, nil); err == nil {
		t.Fatal("nobody is there, and it went well")
	}
	if _, reserve := w.reserve(r.Reserve); reserve.Batch == nil || reserve.Batch.Clean {
		t.Error("the request is taken for one that never arrived")
	}
}

// What says neither coins nor no leaves open what has become of them.
func TestAnAnswerOfNeitherIsNotTheEnd(t *testing.T) {
	for _, status := range []int{200, 202, 204} { // and 200 without its coins
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		w.mint.always(http.MethodPost, status, "")
		_, err := w.batch("WITHDRAW", r.Reserve, nil)
		if _, reserve := w.reserve(r.Reserve); err == nil || reserve.Batch == nil || reserve.Batch.Clean {
			t.Errorf("%d: %v, and the request may have arrived: %v", status, err, reserve.Batch != nil && !reserve.Batch.Clean)
		}
	}
}

// A transfer that was under way comes to a reserve that was given up: its key is
// kept, and whoever sees the money there gets coins.
func TestMoneyForAReserveThatWasGivenUp(t *testing.T) {
	w := readyWallet(t)
	r := w.prepare("CHF:12", "")
	if _, err := w.batch("ABANDON", r.Reserve, wire.AbandonArgs{Reason: "impatient"}); err != nil {
		t.Fatal(err)
	}
	w.mint.with(func() { w.mint.balances[r.ReservePub] = amount("CHF:12") })
	result, err := w.batch("WITHDRAW", r.Reserve, wire.WithdrawArgs{Balance: amount("CHF:12")})
	if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 || got.Coins != len(w.coins()) {
		t.Errorf("withdrew %+v", got)
	}
	if status, reserve := w.reserve(r.Reserve); status != wire.ReserveDone || reserve.Reason != "" {
		t.Errorf("the reserve is %s, because of %q", status, reserve.Reason)
	}
}
