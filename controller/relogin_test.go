package controller_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/protocol"
)

// breaking notes the logins that it is shown, and loses the connection at the first
// request behind them.
type breaking struct {
	comm.Handler
	shared *shown
}

type shown struct {
	mu     sync.Mutex
	tokens []string
	broke  bool
}

func (s *shown) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tokens)
}

// Request implements comm.Handler.
func (b breaking) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	b.shared.mu.Lock()
	var hello comm.Initiate
	if method == comm.MethodInitiate && json.Unmarshal(params, &hello) == nil {
		b.shared.tokens = append(b.shared.tokens, hello.Token)
	}
	breaks := method == comm.MethodClasses && !b.shared.broke
	b.shared.broke = b.shared.broke || breaks
	b.shared.mu.Unlock()
	if breaks {
		_ = c.Close()
	}
	return b.Handler.Request(ctx, c, method, params)
}

// TestASessionThatDialsAgainShowsTheLoginAsOfNow: the token of an account may have
// been rotated since it began. A session without a login has none by then either.
func TestASessionThatDialsAgainShowsTheLoginAsOfNow(t *testing.T) {
	for name, row := range map[string]struct {
		login controller.Login
		want  []string
	}{
		"with an account": {controller.Login{Name: "till", Token: "old"}, []string{"old", "new"}},
		"without one":     {controller.Login{}, []string{"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			net, bundles, seen := inproc.NewNetwork(), []protocol.Bundle{controllertest.Tickets()}, &shown{}
			from := controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: bundles})
			to := controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: bundles})
			peer := to.ListenWith(t, func(h comm.Handler) comm.Handler { return breaking{h, seen} }, controllertest.Inspector{Price: price})
			now := controller.Login{Name: "till", Token: "old"}
			if _, err := from.Resume(t.Context(), func(comm.Peer) controller.Login { return now }); err != nil {
				t.Fatal(err)
			}
			s, err := from.InitiateSession(t.Context(), peer, row.login)
			if err != nil {
				t.Fatal(err)
			}
			now.Token = "new"
			for len(seen.all()) < len(row.want) { // the first loses the connection, which is noticed sooner or later
				_, _ = s.InstrumentClasses(t.Context(), nil)
			}
			if got := seen.all(); !slices.Equal(got, row.want) {
				t.Errorf("it showed %q, want %q", got, row.want)
			}
		})
	}
}
