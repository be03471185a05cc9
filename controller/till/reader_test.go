package till_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/till"
)

// A customer who goes away before a card is at the terminal's reader is waited for by nobody:
// what waits there is given up, and so is what stands in line behind it.
func TestWhatWaitsAtTheReaderIsGivenUp(t *testing.T) {
	h := open(t, false)
	door, err := h.shop.ListenReader(t.Context(), h.comm, comm.Address{Scheme: inproc.Scheme, Path: "reader"})
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	var waiting []till.View
	for range 2 {
		v := h.begin(`,"reader":true`)
		h.do(http.MethodPost, path(v)+"/accept", "")
		h.selects(v)
		h.waits(v, needs("same-wallet"))
		h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
		waiting = append(waiting, v)
	}
	for _, v := range slices.Backward(waiting) {
		h.do(http.MethodPost, path(v)+"/abort", `{"reason":"the customer went away"}`)
		h.waits(v, is(taler.TerminalAborted))
	}
	if h.cards.Times() != 0 {
		t.Errorf("%d charges", h.cards.Times())
	}
}

// Whoever stands in line at the reader need not wait for who is before them: they pay by another
// card, and of what their wallet aborts the till hears at once.
func TestWhoStandsInLineAtTheReaderNeedNotWait(t *testing.T) {
	h := open(t, false)
	door, err := h.shop.ListenReader(t.Context(), h.comm, comm.Address{Scheme: inproc.Scheme, Path: "reader"})
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	inLine := func() till.View {
		v := h.begin(`,"reader":true`)
		h.accepted(v)
		h.waits(v, needs("same-wallet"))
		return h.do(http.MethodPost, path(v)+"/same-wallet", `{"same":true}`)
	}
	first, pays, leaves := inLine(), inLine(), inLine()
	h.until(func() bool {
		return h.ask(http.MethodPost, path(pays)+"/pay", `{"card":"approved"}`).status == http.StatusOK
	})
	h.waits(pays, needs("same-wallet"))
	h.do(http.MethodPost, path(pays)+"/same-wallet", `{"same":true}`)
	h.waits(pays, is(taler.TerminalConfirmed))
	h.wantEvents(pays, "setup", "selected", "paid", "confirmed")
	check(t, h.bank.Wallet().AbortOperation(t.Context(), leaves.WOPID))
	h.waits(leaves, is(taler.TerminalAborted))
	h.wantEvents(leaves, "setup", "selected", "aborted")
	if now := h.do(http.MethodGet, path(first), ""); now.Status != taler.TerminalSelected || h.cards.Times() != 1 {
		t.Errorf("the first one is %+v, after %d charges", now, h.cards.Times())
	}
}
