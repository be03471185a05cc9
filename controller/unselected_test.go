package controller_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
)

// lessened is a connection to a peer that is started again without a plugin, while sessions with it are open.
type lessened struct {
	comm.Handler
	*lessening
}

// lessening is what such a peer does next, and what it was asked.
type lessening struct {
	mu     sync.Mutex
	starts bool // with the next request, which is lost
	lacks  bool
	asked  []string
}

// Request implements comm.Handler.
func (l lessened) Request(ctx context.Context, c comm.Conn, method string, params json.RawMessage) (any, error) {
	l.mu.Lock()
	starts, lacks := l.starts, l.lacks
	l.starts, l.asked = false, append(l.asked, method)
	l.mu.Unlock()
	if starts {
		_ = c.Close()
	}
	if lacks && method == comm.MethodSelect {
		return nil, fault.New(fault.Unsupported, "there is no such protocol here").Because("protocol-unknown")
	}
	return l.Handler.Request(ctx, c, method, params)
}

// What a peer does not have any more ends no session: other steps go on, and so does what is chosen
// again. Nobody asks the peer meanwhile about what was selected before.
func TestAPeerThatLacksWhatWasSelected(t *testing.T) {
	p := newPair(t, comm.Client, comm.Vendor)
	var peer lessening
	p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler {
		return lessened{h, &peer}
	}, controllertest.Inspector{Price: price})
	p.holds(t, "1")
	s := p.session(t)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{"item": "ride"}); err != nil {
		t.Fatal(err)
	}
	lacks := func(yes bool) {
		peer.mu.Lock()
		peer.starts, peer.lacks, peer.asked = true, yes, nil
		peer.mu.Unlock()
	}
	lacks(true)
	if _, err := s.InstrumentClasses(t.Context(), instrument.Invoice{"item": "ride"}); err != nil {
		t.Errorf("the classes are asked for again: %v", err)
	}
	_, err := p.pay(t, s, "")
	wantReason(t, err, "protocol-unknown")
	peer.mu.Lock()
	if slices.Contains(peer.asked, comm.MethodExecute) {
		t.Error("the peer was asked about an operation for which it has no protocol")
	}
	peer.mu.Unlock()
	lacks(false)
	if _, err := s.Negotiate(t.Context(), controllertest.ClassTicket, instrument.Invoice{"item": "ride"}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.pay(t, s, ""); err != nil {
		t.Error(err)
	}
}
