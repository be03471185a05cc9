package till_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/controller/till"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// leaving is a person who leaves when they are asked.
type leaving struct{ leave func() }

func (leaving) Show(vendor.Event) {}

func (l leaving) Accept(ctx context.Context, _ vendor.Quote) (bool, error) {
	l.leave()
	return false, ctx.Err()
}

func (leaving) SameWallet(ctx context.Context, _ string) (bool, error) { return false, ctx.Err() }

// What a person has begun at the terminal and left is the till's from its next start on, or once till
// software asks that it goes on: it is asked for, told in the stream from its beginning, and can be given up.
func TestWhatAPersonHasLeftIsTakenUp(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		takes func(h *house, v till.View)
	}{
		{"by the next start", func(h *house, _ till.View) { h.restart() }},
		{"by till software", func(h *house, v till.View) { h.do(http.MethodPost, path(v)+"/resume", "") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			h := open(t, false)
			op, err := h.shop.OperationID("by hand")
			check(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			w, err := h.shop.Withdraw(ctx, vendor.Order{RequestUID: string(op), Amount: amount(t, "CHF:20")}, leaving{cancel})
			if err == nil || w.WOPID.IsZero() {
				t.Fatalf("it was not left: %+v, %v", w, err)
			}
			v := h.do(http.MethodGet, "/withdrawals/"+w.WOPID.Text(), "")
			row.takes(h, v)
			v = h.waits(v, needs("acceptance"))
			h.do(http.MethodPost, path(v)+"/decline", "")
			h.waits(v, is("aborted"))
			h.wantEvents(v, "setup", "aborted")
		})
	}
}
