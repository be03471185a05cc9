package till_test

import (
	"context"
	"net/http"
	"testing"

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

// What a person has begun at the terminal and left is the till's from its next start on: it is asked
// for, told in the stream from its beginning, and can be given up.
func TestWhatAPersonHasLeftIsTakenUp(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	op, err := h.shop.OperationID("by hand")
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := h.shop.Withdraw(ctx, vendor.Order{RequestUID: string(op), Amount: amount(t, "CHF:20")}, leaving{cancel})
	if err == nil || w.WOPID.IsZero() {
		t.Fatalf("it was not left: %+v, %v", w, err)
	}
	h.restart()
	v := h.do(http.MethodGet, "/withdrawals/"+w.WOPID.Text(), "")
	v = h.waits(v, needs("acceptance"))
	h.do(http.MethodPost, path(v)+"/decline", "")
	h.waits(v, is("aborted"))
	h.wantEvents(v, "setup", "aborted")
}
