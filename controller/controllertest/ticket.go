package controllertest

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Names of the test bundle.
const (
	ClassTicket   = instrument.ClassID("ticket")
	ProtocolPunch = "ticket.punch"
)

// Tickets is a bundle for tests: a ticket is punched once by whoever services
// the session. It is the same at every role.
func Tickets() protocol.Bundle {
	return protocol.Bundle{Name: "tickets", Classes: []instrument.Class{ticket{}}, Protocols: []protocol.Protocol{punch{ProtocolPunch}}}
}

// TicketsWith is Tickets with further protocols that do the same.
func TicketsWith(names ...string) protocol.Bundle {
	b := protocol.Bundle{Name: "tickets", Classes: []instrument.Class{ticket{}}}
	for _, n := range names {
		b.Protocols = append(b.Protocols, punch{n})
	}
	return b
}

type ticket struct{}

func (ticket) Info() instrument.Info {
	return instrument.Info{ID: ClassTicket, Title: "Ticket", Keys: []string{"number"}, Moves: []instrument.Move{
		{From: "", To: "valid"}, {From: "valid", To: "punching"}, {From: "punching", To: "punched"}, {From: "punching", To: "valid"}, {From: "", To: "taken"},
	}}
}

func (ticket) Check(_, _ *instrument.Instance) error { return nil }

func (ticket) Prefer(protocols []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(protocols, c), nil
}

type punch struct{ id string }

func (p punch) Info() protocol.Info { return protocol.Info{ID: p.id, Title: "Punching", Replay: 1} }

func (punch) CompatibleWith(class instrument.ClassID) bool { return class == ClassTicket }

func (punch) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: protocol.Pay, Messages: true}}
}

type shown struct{ Number string }

func (punch) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	if s.Side() == protocol.Initiator {
		return present(ctx, s, c)
	}
	return take(ctx, s, c)
}

func present(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var number string
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(c.Main())
		number = i.Keys["number"]
		i.Status = "punching"
		return errors.Join(err, tx.Put(i))
	})
	if err != nil {
		return protocol.Result{}, err
	}
	if err := s.Send(ctx, shown{number}); err != nil {
		return protocol.Result{}, err
	}
	refused := s.Recv(ctx, nil)
	err = s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(c.Main())
		i.Status = "punched"
		if refused != nil {
			i.Status = "valid"
		}
		return errors.Join(err, tx.Put(i))
	})
	if refused != nil {
		return protocol.Result{}, refused
	}
	return paid(c), err
}

func take(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var in shown
	if err := s.Recv(ctx, &in); err != nil {
		return protocol.Result{}, err
	}
	err := s.Update(ctx, func(tx instrument.Tx) error {
		_, err := tx.Create(instrument.Instance{Class: ClassTicket, Status: "taken", Keys: map[string]string{"number": in.Number}, State: []byte(`{}`)})
		return err
	})
	if fault.ReasonOf(err) == "number-taken" {
		return protocol.Result{}, fault.New(fault.Declined, "this ticket was punched before").Because("ticket-used")
	}
	return paid(c), err
}

func paid(c protocol.Call) protocol.Result {
	r := protocol.Result{Value: []byte(`{"punched":true}`)}
	if c.Offer != nil {
		r.Amount = c.Offer.Terms.Price
	}
	return r
}

// Inspector services sessions: it admits everybody and takes tickets for the
// invoice's amount.
type Inspector struct{ Price instrument.Amount }

// Admit admits everybody.
func (Inspector) Admit(_ context.Context, peer comm.Peer, _ comm.Initiate) (profile.Principal, error) {
	return profile.Principal{ID: instrument.PrincipalID("peer:" + peer.Key), Kind: profile.Person}, nil
}

// Offers takes tickets.
func (i Inspector) Offers(_ context.Context, _ controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if class != ClassTicket {
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "tickets only")
	}
	return instrument.Terms{Price: i.Price}, inv, nil
}

// Prepare needs nothing of our own.
func (Inspector) Prepare(context.Context, controller.Caller, comm.Execute, *controller.Transaction) error {
	return nil
}

// Ended is not interested.
func (Inspector) Ended(controller.Transaction, error) {}
