package till_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/till"
)

// What the bank does not deal in has never begun: the same key is good for the
// request once it is right.
func TestWhatTheBankDoesNotDealInIsNotBegun(t *testing.T) {
	t.Parallel()
	const zurich = `,"exchange":"zurich"`
	for _, row := range []struct {
		name, amount, members, right string
		several                      bool
		status                       int
		reason, hint                 string
	}{
		{"another currency", "EUR:5", "", "", false, 400, "currency-mismatch", "say how much in CHF"},
		{"an exchange of a bank that has one", "CHF:20", zurich, `,"exchange":"exchange"`, false, 404, "exchange-unknown", "leave the exchange out: the bank has one"},
		{"an exchange of a bank that has several", "CHF:20", `,"exchange":"nope"`, zurich, true, 404, "exchange-unknown", "name one of exchange, zurich; without a name it is the first of them"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, false)
			if row.several {
				h.bank.AddExchange(bank.Exchange{
					Name: "zurich", URL: banktest.ExchangeURL + "zurich/", Account: "payto://x-taler-bank/localhost/zurich?receiver-name=Zurich",
				})
			}
			h.refuses(row.status, row.reason, http.MethodPost, "/withdrawals", `{"key":"k","amount":"`+row.amount+`"`+row.members+`}`)
			if r := h.ask(http.MethodPost, "/withdrawals", `{"key":"k","amount":"`+row.amount+`"`+row.members+`}`); !strings.Contains(r.body, `"hint":"`+row.hint) {
				t.Errorf("a person is told %s", r.body)
			}
			if c := h.ask(http.MethodGet, "/config", ""); strings.Contains(c.body, `{"name":"zurich","url":"`+banktest.ExchangeURL+`zurich/"}`) != row.several {
				t.Errorf("the config is %s", c.body)
			}
			v := h.do(http.MethodPost, "/withdrawals", `{"key":"k","amount":"CHF:20"`+row.right+`}`)
			if v.WOPID.IsZero() || v.Needs != "acceptance" {
				t.Errorf("the right request: %+v", v)
			}
			h.do(http.MethodPost, path(v)+"/decline", "")
			h.wantEvents(v, "setup", "aborted")
			if r := h.ask(http.MethodGet, "/events?timeout_ms=0", ""); strings.Count(r.body, "\n") != 2 {
				t.Errorf("the events are %s", r.body)
			}
		})
	}
}

// A withdrawal that the bank refuses has no end that anybody could read of: whoever
// asked is told, also again, and no later life goes on with it.
func TestWhatTheBankRefusesIsOver(t *testing.T) {
	t.Parallel()
	for _, native := range []bool{false, true} {
		h := open(t, native)
		for range 2 {
			h.restart()
			first := h.ask(http.MethodPost, "/withdrawals", `{"key":"k","amount":"CHF:100.01"}`)
			if first.status != http.StatusConflict || !strings.Contains(first.body, string(taler.ReasonAmountOutOfRange)) {
				t.Errorf("%d %s", first.status, first.body)
			}
			if r := h.ask(http.MethodGet, "/events?timeout_ms=0", ""); r.body != "" {
				t.Errorf("the events are %s", r.body)
			}
			if r := h.ask(http.MethodGet, "/withdrawals", ""); r.body != `{"withdrawals":[]}` {
				t.Errorf("there is %s", r.body)
			}
		}
	}
}

// What stops a withdrawal whose card was charged is shown to whoever looks at it, and
// not only to who has it go on: the terminal was given another one's token meanwhile.
func TestWhatHasStoppedAWithdrawalIsShown(t *testing.T) {
	t.Parallel()
	for _, native := range []bool{false, true} {
		h := open(t, native)
		v := h.begin(`,"card":"approved"`)
		h.do(http.MethodPost, path(v)+"/accept", "")
		h.selects(v)
		h.waits(v, needs("same-wallet"))
		h.cards.Then(func() {
			h.login.Store(new(controller.Login(h.bank.AddTerminal("another"))))
			check(t, h.bank.Bank.DisableTerminal(t.Context(), h.bank.Terminal.Name))
		})
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		stopped := func(v till.View) bool { return v.Status == taler.TerminalPaid && v.Problem != nil }
		for range 2 {
			now := h.waits(v, stopped)
			if now.Problem.Kind != fault.NotFound {
				t.Errorf("it is shown as %v", now.Problem)
			}
			if r := h.ask(http.MethodGet, "/withdrawals?status=open", ""); !strings.Contains(r.body, `"problem":{"kind":"not-found"`) {
				t.Errorf("there is %s", r.body)
			}
			h.ask(http.MethodPost, path(v)+"/resume", "") // it stops at the same
		}
	}
}

// A login that the bank refuses is tried again: what it has to hear of, such as a
// payment, it hears once the terminal's owner has put the new token in its place, and
// nobody has to have each withdrawal go on.
func TestAWithdrawalGoesOnOnceTheLoginHolds(t *testing.T) {
	t.Parallel()
	for _, native := range []bool{false, true} {
		h := open(t, native)
		paid, shown := h.begin(`,"card":"approved"`), h.begin("")
		for _, v := range []till.View{paid, shown} {
			h.do(http.MethodPost, path(v)+"/accept", "")
		}
		h.selects(paid)
		h.waits(paid, needs("same-wallet"))
		h.cards.Then(func() { check(t, h.bank.Bank.DisableTerminal(t.Context(), h.bank.Terminal.Name)) })
		h.do(http.MethodPost, path(paid)+"/same-wallet", `{"same":true}`)
		refused := func(v till.View) bool { return v.Problem != nil && v.Problem.Kind == fault.Denied }
		if now := h.waits(paid, refused); now.Status != taler.TerminalPaid {
			t.Errorf("it is %+v", now)
		}
		if r := h.ask(http.MethodPost, "/withdrawals", `{"amount":"CHF:20","key":"none is begun meanwhile"}`); r.status != http.StatusForbidden {
			t.Errorf("a new one: %d %s", r.status, r.body) // 401 is of the till's own token
		}
		login, token, err := h.bank.Bank.EnableTerminal(t.Context(), h.bank.Terminal.Name)
		check(t, err)
		h.login.Store(&controller.Login{Name: login, Token: token})
		h.waits(paid, is(taler.TerminalConfirmed))
		h.wantEvents(paid, "setup", "selected", "paid", "confirmed")
		h.waits(shown, func(v till.View) bool { return v.Problem == nil && v.Status == taler.TerminalPending })
	}
}

// While the bank refuses the login no card is charged: it would hear of no payment. The
// customer pays once it does not.
func TestNothingIsChargedWhileTheLoginIsRefused(t *testing.T) {
	t.Parallel()
	for _, native := range []bool{false, true} {
		h := open(t, native)
		v := h.begin(`,"card":"approved"`)
		h.do(http.MethodPost, path(v)+"/accept", "")
		h.selects(v)
		h.waits(v, needs("same-wallet"))
		check(t, h.bank.Bank.DisableTerminal(t.Context(), h.bank.Terminal.Name))
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		now := h.waits(v, func(v till.View) bool { return v.Problem != nil || v.Status != taler.TerminalSelected })
		if now.Status != taler.TerminalSelected || now.Problem.Kind != fault.Denied || h.cards.Times() != 0 {
			t.Errorf("charged %d times; it is %+v", h.cards.Times(), now)
		}
		if again := h.waits(v, needs("payment")); again.Problem == nil || again.Problem.Kind != fault.Denied {
			t.Errorf("it is asked for again, and nobody says why: %+v", again)
		}
		login, token, err := h.bank.Bank.EnableTerminal(t.Context(), h.bank.Terminal.Name)
		check(t, err)
		h.login.Store(&controller.Login{Name: login, Token: token})
		h.waits(v, needs("payment"))
		h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
		if now := h.waits(v, needs("same-wallet")); now.Problem != nil {
			t.Errorf("it goes on, with the problem of before: %v", now.Problem)
		}
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		h.waits(v, is(taler.TerminalConfirmed))
		if h.cards.Times() != 1 {
			t.Errorf("charged %d times", h.cards.Times())
		}
	}
}

// A withdrawal that pauses after an attempt goes on at once when till software asks for that.
func TestAPauseIsEndedByResume(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.pauses = time.Hour
	h.restart()
	v := h.begin(`,"card":"approved"`)
	h.do(http.MethodPost, path(v)+"/accept", "")
	h.selects(v)
	h.waits(v, needs("same-wallet"))
	check(t, h.bank.Bank.DisableTerminal(t.Context(), h.bank.Terminal.Name))
	h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
	h.waits(v, func(v till.View) bool { return v.Problem != nil })
	login, token, err := h.bank.Bank.EnableTerminal(t.Context(), h.bank.Terminal.Name)
	check(t, err)
	h.login.Store(&controller.Login{Name: login, Token: token})
	h.do(http.MethodPost, path(v)+"/resume", "")
	h.waits(v, needs("payment"))
}

// Whoever begins a withdrawal is told when it takes long, and asks again.
func TestABeginningThatTakesLong(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.begins, h.terms = time.Millisecond, make(chan struct{})
	h.restart()
	const order = `{"key":"k","amount":"CHF:20"}`
	for range 2 {
		h.refuses(503, "pending", http.MethodPost, "/withdrawals", order)
	}
	close(h.terms)
	h.until(func() bool { return h.ask(http.MethodPost, "/withdrawals", order).status == http.StatusOK })
	if r := h.ask(http.MethodGet, "/withdrawals", ""); strings.Count(r.body, `"wopid"`) != 1 {
		t.Errorf("there is %s", r.body)
	}
}

// Till software that asks a moment before the till runs is answered when it does.
func TestWhoeverAsksBeforeItRunsWaits(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.end()
	h.begun = make(chan struct{})
	h.start()
	gone, leave := context.WithCancel(t.Context())
	answered := make(chan int, 1)
	go func() {
		r := httptest.NewRequestWithContext(gone, http.MethodPost, "/withdrawals", strings.NewReader("no JSON"))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Host = "127.0.0.1"
		w := httptest.NewRecorder()
		h.api.ServeHTTP(w, r)
		answered <- w.Code
	}()
	leave()
	if status := <-answered; status != http.StatusServiceUnavailable {
		t.Errorf("before it runs it says %d", status)
	}
	begun := make(chan said, 1)
	go func() { begun <- h.ask(http.MethodPost, "/withdrawals", `{"amount":"CHF:20","key":"early"}`) }()
	close(h.begun)
	if r := <-begun; r.status != http.StatusOK {
		t.Errorf("the early one is answered %d %s", r.status, r.body)
	}
}
