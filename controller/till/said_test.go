package till_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
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
		h.cards.stays(true) // charges, and does not say so
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		h.refuses(409, "not-asked", http.MethodPost, path(v)+"/same-wallet", `{"same":false}`)
		h.cards.stays(false)
		h.waits(v, is(taler.TerminalConfirmed))
		if again := h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`); again.Status != taler.TerminalConfirmed || h.cards.times() != 1 {
			t.Errorf("after %d charges: %+v", h.cards.times(), again)
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
