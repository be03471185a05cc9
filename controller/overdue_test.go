package controller_test

import (
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// hand is the hand of a clock.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) read() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) moves(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(by)
}

// An offer that is over by any clock is not paid, and nothing begins for it. Where the clocks
// differ the payer refuses nothing that the vendor would take.
func TestAPayerRefusesAnOfferThatIsOver(t *testing.T) {
	for _, row := range []struct {
		name          string
		ahead, passes time.Duration // of the payer's clock; between offer and payment
		begun         int           // operations at the payer
		paid          bool
	}{
		{"in time", 0, 14 * time.Minute, 1, true},
		{"just over", 0, 15*time.Minute + 30*time.Second, 1, false}, // the vendor refuses it
		{"over", 0, 17 * time.Minute, 0, false},
		{"the payer's clock is far ahead", 24 * time.Hour, 14 * time.Minute, 1, true},
		{"ahead, and over", 24 * time.Hour, 17 * time.Minute, 0, false},
		{"it is behind", -time.Hour, 14 * time.Minute, 1, true},
		{"behind, and over", -time.Hour, 17 * time.Minute, 1, false}, // by its clock the offer may be good
	} {
		t.Run(row.name, func(t *testing.T) {
			theirs := &hand{now: time.Now()}
			ours := &hand{now: theirs.now.Add(row.ahead)}
			s := &shop{}
			s.Price = price
			net, tickets := inproc.NewNetwork(), []protocol.Bundle{controllertest.Tickets()}
			p := pair{
				from: controllertest.New(t, net, controllertest.Options{Role: comm.Client, Bundles: tickets, Clock: ours.read}),
				to:   controllertest.New(t, net, controllertest.Options{Role: comm.Vendor, Bundles: tickets, Clock: theirs.read}),
			}
			p.peer = p.to.ListenWith(t, func(h comm.Handler) comm.Handler { return h }, s)
			p.ticket = p.from.Create(t, instrument.Instance{Class: controllertest.ClassTicket, Status: "valid", Keys: map[string]string{"number": "7"}})
			session := p.negotiated(t)
			theirs.moves(row.passes)
			ours.moves(row.passes)
			pay := func() error {
				_, err := session.Execute(t.Context(), controller.Transaction{
					ID: "00112233445566778899aabbccddeeff", Principal: p.from.Me(t), Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{p.ticket}, Within: 100 * time.Hour,
				}, nil)
				return err
			}
			err := pay()
			if row.paid != (err == nil) || p.taken(t) != row.paid {
				t.Errorf("paid: %v", err)
			}
			if !row.paid {
				wantReason(t, err, "offer-expired")
			}
			known, err := p.from.Protocols().Records(t.Context(), protocol.Filter{})
			if err != nil || len(known) != row.begun {
				t.Errorf("%d operations here, %v", len(known), err)
			}
			theirs.moves(time.Hour)
			ours.moves(time.Hour)
			if err := pay(); row.paid != (err == nil) {
				t.Errorf("the same payment again: %v", err)
			}
		})
	}
}
