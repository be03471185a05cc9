package bench

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// held holds the answers to payments back until each is let go.
type held struct {
	comm.Handler
	taken chan chan struct{} // of each payment that is made and not answered
}

func (h held) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	out, err := h.Handler.Request(ctx, c, method, params)
	var e comm.Execute
	if method == comm.MethodExecute && json.Unmarshal(params, &e) == nil && e.Call.Operation == protocol.Pay {
		let := make(chan struct{})
		h.taken <- let
		<-let
	}
	return out, err
}

// A window of payments is under way in one session, from as many instruments, and
// each is acknowledged by itself, whatever became of those before it: the vendor
// has made all of them before the first is answered, and answers the last first.
func TestEachOfAWindowIsAcknowledgedByItself(t *testing.T) {
	const window = 64
	taken := make(chan chan struct{}, window)
	p, err := Open(t.Context(), t.TempDir(), Options{InProcess: true, Accounts: window, between: func(h comm.Handler) comm.Handler { return held{h, taken} }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	ended := make(chan error, window)
	for _, account := range p.accounts {
		go func() { ended <- p.pay(t.Context(), p.session, account) }()
	}
	var made []chan struct{}
	for range window {
		made = append(made, <-taken)
	}
	paid := func() (n int) {
		t.Helper()
		records, err := p.wallet.Protocols().Records(t.Context(), protocol.Filter{Side: protocol.Initiator, State: protocol.Ended})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Operation == protocol.Pay && r.Fault == nil {
				n++
			}
		}
		return n
	}
	for n := range window {
		if got := paid(); got != n {
			t.Fatalf("%d payments are acknowledged, not %d", got, n)
		}
		close(made[window-1-n])
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	want, err := instrument.ParseAmount(filled)
	if err != nil {
		t.Fatal(err)
	}
	one, err := instrument.ParseAmount(price)
	if err == nil {
		want, err = want.Sub(one)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, account := range p.accounts {
		i, err := p.wallet.Instruments().View(t.Context(), account)
		var state struct{ Balance instrument.Amount }
		if err != nil || i.Decode(&state) != nil || state.Balance != want {
			t.Errorf("there is %s in %s, not %s: %v", state.Balance, account, want, err)
		}
	}
}
