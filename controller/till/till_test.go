package till_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/till"
)

// script is what till software and customer do, up to the end.
type script struct {
	name   string
	begin  string // further members of the order
	does   func(h *house, v till.View)
	status string
	events []string
	reason string
	times  int // that the card was charged
}

func path(v till.View) string { return "/withdrawals/" + v.WOPID.Text() }

func (h *house) accepted(v till.View) {
	h.do(http.MethodPost, path(v)+"/accept", "")
	h.selects(v)
}

func scripts() []script {
	charge := func(card string) func(h *house, v till.View) {
		return func(h *house, v till.View) {
			h.accepted(v)
			h.waits(v, needs("payment"))
			h.do(http.MethodPost, path(v)+"/pay", `{"card":"`+card+`"}`)
			h.waits(v, needs("same-wallet"))
			h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		}
	}
	return []script{
		{"approved", "", charge("approved"), "confirmed", []string{"setup", "selected", "paid", "confirmed"}, "", 1},
		{"the card is in the order", `,"card":"approved"`, func(h *house, v till.View) {
			h.accepted(v)
			now := h.waits(v, needs("same-wallet"))
			if now.Groups == "" || !strings.HasPrefix(now.Reserve, now.Groups[:4]) {
				h.t.Errorf("the groups are %q", now.Groups)
			}
			h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		}, "confirmed", []string{"setup", "selected", "paid", "confirmed"}, "", 1},
		{"declined", "", charge("declined"), "aborted", []string{"setup", "selected", "aborted"}, "the card was declined", 1},
		{"the customer does not accept", "", func(h *house, v till.View) {
			h.do(http.MethodPost, path(v)+"/decline", "")
		}, "aborted", []string{"setup", "aborted"}, "the customer did not accept", 0},
		{"another wallet", `,"card":"approved"`, func(h *house, v till.View) {
			h.accepted(v)
			h.waits(v, needs("same-wallet"))
			h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)
		}, "aborted", []string{"setup", "selected", "aborted"}, "another wallet than the customer's took the QR code", 0},
		{"given up before it was accepted", "", func(h *house, v till.View) {
			h.do(http.MethodPost, path(v)+"/abort", `{"reason":"they went away"}`)
		}, "aborted", []string{"setup", "aborted"}, "they went away", 0},
		{"given up when it waits for a peer", `,"peer":true`, func(h *house, v till.View) {
			h.accepted(v)
			h.waits(v, func(v till.View) bool { return v.Peer != "" })
			h.do(http.MethodPost, path(v)+"/abort", `{"reason":"they went away"}`)
		}, "aborted", []string{"setup", "selected", "pay", "aborted"}, "they went away", 0},
		{"aborted by the wallet", "", func(h *house, v till.View) {
			h.accepted(v)
			h.waits(v, needs("payment"))
			check(h.t, h.bank.Wallet().AbortOperation(h.t.Context(), v.WOPID))
		}, "aborted", []string{"setup", "selected", "aborted"}, "the withdrawal was aborted at the bank before it was paid", 0},
		{"another exchange", `,"exchange":"https://other.example/"`, func(*house, till.View) {}, "aborted", []string{"setup", "aborted"}, "the bank sells cash of another exchange, https://exchange.example.com/", 0},
	}
}

// TestTillSoftwareSells through REST at the bank and through a native session with
// it: the results are the same.
func TestTillSoftwareSells(t *testing.T) {
	for _, way := range []struct {
		name   string
		native bool
	}{{"REST", false}, {"session", true}} {
		for _, row := range scripts() {
			t.Run(way.name+"/"+row.name, func(t *testing.T) {
				t.Parallel()
				h := open(t, way.native)
				v := h.begin(row.begin)
				if v.Amount.String() != "CHF:20" || v.Fees.String() != "CHF:0.5" || v.Total.String() != "CHF:20.5" {
					t.Errorf("it is %+v", v)
				}
				if row.status != "aborted" || row.events[1] != "aborted" {
					if v.Needs != "acceptance" || v.Exchange == "" || v.Terms == nil || v.Terms.Text != "Be kind." {
						t.Errorf("the customer sees %+v", v)
					}
				}
				row.does(h, v)
				end := h.waits(v, is(row.status))
				if end.Reason != row.reason || h.cards.Times() != row.times || row.status == "confirmed" && end.Transaction != "pay-1" {
					t.Errorf("%+v after %d charges", end, h.cards.Times())
				}
				h.wantEvents(v, row.events...)
				at, err := h.bank.Wallet().Operation(t.Context(), v.WOPID, taler.LongPoll{})
				if err != nil || string(at.Status) != row.status {
					t.Errorf("at the bank it is %s, %v", at.Status, err)
				}
			})
		}
	}
}

// A restart at any place of a withdrawal changes nothing of what its reader sees:
// each event once, under cursors that go on.
func TestWhatIsOpenGoesOnByItself(t *testing.T) {
	for _, way := range []struct {
		name   string
		native bool
	}{{"REST", false}, {"session", true}} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, way.native)
			v := h.begin("")
			h.restart()
			h.waits(v, needs("acceptance"))
			h.do(http.MethodPost, path(v)+"/accept", "")
			h.restart() // while no wallet has it
			h.selects(v)
			h.waits(v, needs("payment"))
			h.restart()
			h.waits(v, needs("payment"))
			h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
			h.waits(v, needs("same-wallet"))
			h.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = true, true }) // charges, and does not say so
			h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
			got, last := h.events(path(v) + "/events?timeout_ms=0")
			h.until(func() bool {
				got, last = h.events(path(v) + "/events?timeout_ms=0")
				return len(got) == 3
			})
			h.refuses(409, "payment-under-way", http.MethodPost, path(v)+"/abort", "")
			h.restart()
			h.refuses(409, "payment-under-way", http.MethodPost, path(v)+"/abort", "")
			h.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = false, false })
			h.waits(v, is("confirmed"))
			if h.cards.Times() != 1 {
				t.Errorf("%d charges", h.cards.Times())
			}
			h.restart() // when all is over
			h.wantEvents(v, "setup", "selected", "unknown", "paid", "confirmed")
			if after, _ := h.events(path(v) + "/events?after=" + fmt.Sprint(last)); strings.Join(after, " ") != "paid confirmed" {
				t.Errorf("behind %v of %v there is %v", last, got, after)
			}
		})
	}
}

// An order that is sent again after a restart says again how it is paid.
func TestAnOrderThatIsSentAgainIsPaidAsItSays(t *testing.T) {
	t.Parallel()
	for _, restarted := range []string{"before", "behind"} {
		t.Run(restarted+" what it waits for", func(t *testing.T) {
			t.Parallel()
			h := open(t, false)
			order := `{"amount":"CHF:20","key":"k","card":"approved"}`
			v := h.do(http.MethodPost, "/withdrawals", order)
			if restarted == "before" {
				h.restart()
				h.do(http.MethodPost, "/withdrawals", order)
			}
			h.waits(v, needs("acceptance"))
			h.accepted(v)
			if restarted == "behind" {
				h.waits(v, needs("same-wallet"))
				h.restart()
				h.waits(v, needs("payment"))
				h.do(http.MethodPost, "/withdrawals", order)
			}
			h.waits(v, needs("same-wallet"))
			h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
			h.waits(v, is("confirmed"))
			h.do(http.MethodPost, "/withdrawals", order)
			if h.cards.Times() != 1 {
				t.Errorf("%d charges", h.cards.Times())
			}
		})
	}
}

// A peer that was chosen is waited for again after a restart; nobody chooses twice.
func TestAPeerIsWaitedForAfterARestart(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	v := h.begin("")
	h.accepted(v)
	h.waits(v, needs("payment"))
	h.do(http.MethodPost, path(v)+"/pay", `{"peer":true}`)
	h.waits(v, func(v till.View) bool { return v.Peer != "" })
	h.restart()
	h.waits(v, func(v till.View) bool { return v.Peer != "" })
	h.do(http.MethodPost, path(v)+"/abort", "")
	h.wantEvents(v, "setup", "selected", "pay", "aborted")
}

func TestTheSameKeyIsTheSameWithdrawal(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	one := h.do(http.MethodPost, "/withdrawals", `{"amount":"CHF:20","key":"k"}`)
	two := h.ask(http.MethodPost, "/withdrawals", `{"amount":"CHF:20"}`, "Idempotency-Key: k")
	if !strings.Contains(two.body, one.WOPID.Text()) {
		t.Errorf("%s is another than %s", two.body, one.WOPID.Text())
	}
	for _, body := range []string{`{"amount":"CHF:20","key":"k"}`, `{"amount":"CHF:20"}`} {
		same := h.ask(http.MethodPost, "/withdrawals", body, "Idempotency-Key: k", "Idempotency-Key: k")
		if !strings.Contains(same.body, one.WOPID.Text()) {
			t.Errorf("%s: %s is another than %s", body, same.body, one.WOPID.Text())
		}
		if other := h.ask(http.MethodPost, "/withdrawals", body, "Idempotency-Key: k", "Idempotency-Key: another"); other.status != 400 || !strings.Contains(other.body, "key-malformed") {
			t.Errorf("%s: under two keys %d %s", body, other.status, other.body)
		}
	}
	for _, body := range []string{`{"amount":"CHF:20","key":"k"}`, `{"amount":"CHF:20"}`} { // the header's own standard has it in quotes
		if quoted := h.ask(http.MethodPost, "/withdrawals", body, `Idempotency-Key: "k"`); !strings.Contains(quoted.body, one.WOPID.Text()) {
			t.Errorf("%s: in quotes: %d %s", body, quoted.status, quoted.body)
		}
	}
	inside := h.do(http.MethodPost, "/withdrawals", `{"amount":"CHF:20","key":"\\a \"b\""}`)
	if quoted := h.ask(http.MethodPost, "/withdrawals", `{"amount":"CHF:20"}`, `Idempotency-Key: "\\a \"b\""`); !strings.Contains(quoted.body, inside.WOPID.Text()) {
		t.Errorf("with quotes inside: %d %s", quoted.status, quoted.body)
	}
	h.refuses(409, "key-reused", http.MethodPost, "/withdrawals", `{"amount":"CHF:21","key":"k"}`)
	h.do(http.MethodPost, path(one)+"/decline", "")
	h.waits(one, is("aborted"))
	if again := h.do(http.MethodPost, path(one)+"/decline", ""); again.Status != "aborted" {
		t.Errorf("declined again: %+v", again)
	}
	if again := h.do(http.MethodPost, "/withdrawals", `{"amount":"CHF:20","key":"k"}`); again.WOPID != one.WOPID || again.Status != "aborted" {
		t.Errorf("after its end: %+v", again)
	}
}

func TestWhatTheTillRefuses(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	v := h.begin("")
	for _, row := range []struct {
		status             int
		reason, path, body string
	}{
		{400, "json-malformed", "/withdrawals", `{"amount":`},
		{400, "json-malformed", "/withdrawals", `{"amount":"CHF:1","key":"a","tip":"CHF:1"}`},
		{400, "json-malformed", "/withdrawals", `{"amount":"CHF:1","key":"a"} {}`},
		{400, "key-malformed", "/withdrawals", `{"amount":"CHF:1"}`},
		{400, "amount-too-small", "/withdrawals", `{"key":"a"}`},
		{400, "payment-malformed", "/withdrawals", `{"amount":"CHF:1","key":"a","card":"x","peer":true}`},
		{400, "payment-malformed", "/withdrawals", `{"amount":"CHF:1","key":"a","reader":true,"peer":true}`},
		{409, "reader-missing", "/withdrawals", `{"amount":"CHF:1","key":"a","reader":true}`},
		{413, "body-too-large", "/withdrawals", `{"key":"` + strings.Repeat("k", 65<<10) + `"}`},
		{404, "unknown-operation", "/withdrawals/ZZZZZZZZZZ/accept", ""},
		{409, "not-asked", path(v) + "/same-wallet", `{"same":true}`},
		{409, "not-asked", path(v) + "/pay", `{"peer":true}`},
		{400, "payment-malformed", path(v) + "/pay", `{}`},
		{400, "json-malformed", path(v) + "/same-wallet", `{}`},
		{404, "path-unknown", "/nothing", ""},
		{405, "method-unknown", "/events", ""},
	} {
		h.refuses(row.status, row.reason, http.MethodPost, row.path, row.body)
	}
	h.refuses(409, "code-not-shown", http.MethodGet, path(v)+"/qr.svg", "")
	h.refuses(400, "cursor-malformed", http.MethodGet, "/events?after=-1", "")
	h.refuses(400, "timeout-malformed", http.MethodGet, "/events?timeout_ms=soon", "")
	h.refuses(400, "status-unknown", http.MethodGet, "/withdrawals?status=new", "")
	h.refuses(400, "status-unknown", http.MethodGet, "/withdrawals?status=%zz", "")
	h.refuses(400, "cursor-malformed", http.MethodGet, "/events?timeout_ms=0&after=5;x=1", "") // and not all events once more
	h.refuses(400, "cursor-malformed", http.MethodGet, "/events?timeout_ms=0&after=5%", "")
	h.refuses(404, "path-unknown", http.MethodGet, "//config", "")
	h.do(http.MethodPost, path(v)+"/accept", "")
	h.do(http.MethodPost, path(v)+"/accept", "") // again
	if r := h.ask(http.MethodPost, path(v)+"/decline", ""); r.status != 409 || !strings.Contains(r.body, "/abort") {
		t.Errorf("declined after all: %d %s", r.status, r.body)
	}
	for form, kind := range map[string]string{"txt": "text/plain; charset=utf-8", "svg": "image/svg+xml", "png": "image/png"} {
		if r := h.ask(http.MethodGet, path(v)+"/qr."+form, ""); r.status != 200 || r.header.Get("Content-Type") != kind || !strings.Contains(r.body, v.URI) {
			t.Errorf("%s: %d %v %q", form, r.status, r.header, r.body)
		} else if says := strings.Contains(r.body, v.URI+"?external-confirmation=1"); says != (form != "txt") {
			t.Errorf("%s says that the confirmation is outside: %v", form, says)
		}
	}
}

// Every path says which methods it has, and is answered without its body, at once.
func TestMethodsOfAPath(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	v := h.begin("")
	for _, row := range []struct{ path, allow string }{
		{"/config", "GET, HEAD"},
		{"/withdrawals", "GET, POST, HEAD"},
		{"/withdrawals?status=pending", "GET, POST, HEAD"},
		{path(v), "GET, HEAD"},
		{path(v) + "/accept", "POST"},
		{path(v) + "/events", "GET, HEAD"},
		{"/events", "GET, HEAD"},
	} {
		h.refuses(405, "method-unknown", http.MethodDelete, row.path, "")
		if r := h.ask(http.MethodDelete, row.path, ""); r.header.Get("Allow") != row.allow {
			t.Errorf("%s allows %q", row.path, r.header.Get("Allow"))
		}
		want := http.StatusOK
		if row.allow == "POST" {
			want = http.StatusMethodNotAllowed
		}
		if r := h.ask(http.MethodHead, row.path, ""); r.status != want || r.body != "" {
			t.Errorf("HEAD %s: %d %q", row.path, r.status, r.body)
		}
	}
}
