package till_test

import (
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/till"
)

// A customer who wanted to pay with their wallet, or at the reader, and cannot, takes a card: the
// withdrawal that their wallet has selected goes on, also over a restart.
func TestWhoCannotPayPaysOtherwise(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, first string
		restarts    bool
		events      []string
	}{
		{"a wallet", `{"peer":true}`, false, []string{"setup", "selected", "pay", "paid", "confirmed"}},
		{"a wallet, over a restart", `{"peer":true}`, true, []string{"setup", "selected", "pay", "paid", "confirmed"}},
		{"a card at the reader", `{"reader":true}`, false, []string{"setup", "selected", "paid", "confirmed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, false)
			door, err := h.shop.ListenReader(t.Context(), h.comm, comm.Address{Scheme: inproc.Scheme, Path: "reader"})
			check(t, err)
			t.Cleanup(func() { _ = door.Close() })
			v := h.begin("")
			h.accepted(v)
			h.waits(v, needs("payment"))
			h.do(http.MethodPost, path(v)+"/pay", row.first)
			if row.first == `{"reader":true}` {
				h.waits(v, needs("same-wallet"))
				h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
			} else {
				h.waits(v, func(v till.View) bool { return v.Peer != "" })
			}
			h.until(func() bool {
				return h.ask(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`).status == http.StatusOK
			})
			h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`) // the reply was lost
			if now := h.waits(v, needs("same-wallet")); now.Peer != "" || now.Problem != nil {
				t.Errorf("then it is %+v", now)
			}
			if row.restarts {
				h.restart()
				if now := h.waits(v, func(v till.View) bool { return v.Needs != "" || v.Peer != "" }); now.Needs != "payment" {
					t.Errorf("after a restart it is %+v", now)
				}
				h.do(http.MethodPost, path(v)+"/pay", `{"card":"approved"}`)
				h.waits(v, needs("same-wallet"))
			}
			h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
			h.waits(v, is(taler.TerminalConfirmed))
			h.wantEvents(v, row.events...)
			if n := h.cards.Times(); n != 1 {
				t.Errorf("%d charges", n)
			}
		})
	}
}
