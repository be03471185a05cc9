package till_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/till"
)

// What till software says once more, for the answer was lost, was said: it is told how the
// withdrawal is now, also when that has ended. Another word than the first is refused.
func TestWhatIsSaidOnceMoreWasSaid(t *testing.T) {
	t.Parallel()
	for _, native := range []bool{false, true} {
		h := open(t, native)
		v := h.begin("")
		h.accepted(v)
		h.waits(v, needs("payment"))
		h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
		h.waits(v, needs("same-wallet"))
		if again := h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`); again.Needs != "same-wallet" {
			t.Errorf("paid once more: %+v", again)
		}
		h.refuses(409, "not-asked", http.MethodPost, path(v)+"/pay", `{"card":"another"}`)
		h.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = true, true }) // charges, and does not say so
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		h.refuses(409, "not-asked", http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)
		h.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = false, false })
		h.waits(v, is(taler.TerminalConfirmed))
		if again := h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`); again.Status != taler.TerminalConfirmed || h.cards.Times() != 1 {
			t.Errorf("after %d charges: %+v", h.cards.Times(), again)
		}
		h.refuses(409, "not-asked", http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)

		v = h.begin(`,"card":"approved"`)
		h.accepted(v)
		h.waits(v, needs("same-wallet"))
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)
		h.waits(v, is(taler.TerminalAborted))
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)
		h.refuses(409, "not-asked", http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
	}
}

// So it is when the end came before what was said could be heard of: the card was declined, or the
// withdrawal was given up. What was not said is refused, and the refusal says that it is over.
func TestWhatIsSaidOnceMoreAfterAnEndWithoutCash(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	v := h.begin(`,"card":"declined"`)
	h.accepted(v)
	h.waits(v, needs("same-wallet"))
	h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
	h.waits(v, is(taler.TerminalAborted))
	if again := h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`); again.Reason != "the card was declined" {
		t.Errorf("the card was declined: %+v", again)
	}
	h.refuses(409, "not-asked", http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)
	h.refuses(409, "not-asked", http.MethodPost, path(v)+"/pay", `{"peer":true}`)
	if r := h.ask(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`); r.status != 409 || !strings.Contains(r.body, "aborted, and over") {
		t.Errorf("another card: %d %s", r.status, r.body)
	}

	v = h.begin("")
	h.accepted(v)
	h.waits(v, needs("payment"))
	h.do(http.MethodPost, path(v)+"/pay", `{"peer":true}`)
	h.waits(v, func(v till.View) bool { return v.Peer != "" })
	h.do(http.MethodPost, path(v)+"/abort", "")
	h.waits(v, is(taler.TerminalAborted))
	h.restart() // what the process had heard is forgotten
	if again := h.do(http.MethodPost, path(v)+"/pay", `{"peer":true}`); again.Status != taler.TerminalAborted {
		t.Errorf("it was given up: %+v", again)
	}
	h.refuses(409, "not-asked", http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
}

// What a withdrawal does not wait for is refused with what it does wait for, also when till software
// can do nothing about that.
func TestARefusalSaysWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	door, err := h.shop.ListenReader(t.Context(), h.comm, comm.Address{Scheme: inproc.Scheme, Path: "reader"})
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	v := h.begin("")
	hears := func(what, body, hint string) {
		t.Helper()
		if r := h.ask(http.MethodPost, path(v)+what, body); r.status != http.StatusConflict || !strings.Contains(r.body, `"not-asked"`) || !strings.Contains(r.body, `"hint":"`+hint) {
			t.Errorf("%s %s: %d %s, want %q", what, body, r.status, r.body, hint)
		}
	}
	const same, card = `{"same":true}`, `{"card":"approved"}`
	hears("/pay", card, "it needs acceptance: send POST …/accept or POST …/decline")
	h.do(http.MethodPost, path(v)+"/accept", "")
	hears("/pay", card, "it waits for a wallet that scans its QR code")
	h.selects(v)
	h.waits(v, needs("payment"))
	hears("/same-wallet", same, "it needs payment: send POST …/pay")
	h.do(http.MethodPost, path(v)+"/pay", `{"peer":true}`)
	h.waits(v, func(v till.View) bool { return v.Peer != "" })
	hears("/same-wallet", same, "it waits for a wallet that pays at the address in its member peer")
	h.until(func() bool { return h.ask(http.MethodPost, path(v)+"/pay", `{"reader":true}`).status == http.StatusOK })
	h.waits(v, needs("same-wallet"))
	h.do(http.MethodPost, path(v)+"/same-wallet", same)
	hears("/same-wallet", `{"same":false}`, "it waits for a card at the reader")
	h.until(func() bool { return h.ask(http.MethodPost, path(v)+"/pay", card).status == http.StatusOK })
	h.waits(v, needs("same-wallet"))
	h.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = true, true }) // charges, and does not say so
	h.do(http.MethodPost, path(v)+"/same-wallet", same)
	hears("/same-wallet", `{"same":false}`, "it is being paid: …/events tells how that ends")
	h.cards.Be(func(m *banktest.Mood) { m.Late, m.Queued = false, false })
	h.waits(v, is(taler.TerminalConfirmed))
	hears("/same-wallet", `{"same":false}`, "begin another one")
}
