//go:build unix

package crash_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/websocket"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// part is what a process plays.
type part struct {
	Role   comm.Role
	Dir    string
	Listen string          // the vendor's port, the same in all its lives
	Own    []instrument.ID // what its side of a payment names beside the coin
	Bump   instrument.ID   // is changed by somebody else before each commit
	Early  bool            // the control: what is to be committed counts as done at once
	Whole  bool            // it pays or takes payments of several instruments
}

// asked is one line that the test writes to a party.
type asked struct {
	Arm   *arm   `json:",omitempty"` // be killed, or name the points that are passed
	Trace bool   `json:",omitempty"` // say which points were passed
	Ready *ready `json:",omitempty"` // open a session and negotiate
	Pay   *purchase
	Race  *race
	Whole *basket
	Note  bool `json:",omitempty"` // make a unit of work
}

// arm makes a party count the points that it passes from now on.
type arm struct {
	Kill   int    // at this one; 0: never
	Point  string // … or at the first of this name: what is cleaned up on the way shifts the numbers
	Plugin bool   // not the party is killed but its plugin
}

type ready struct {
	Peer     comm.Peer
	Protocol string
	Clients  int // this many sessions
}

// purchase asks for one payment.
type purchase struct {
	Coin instrument.ID
	Key  string                 // the person's; empty: a new id, unless a row is there
	Last instrument.OperationID // the newest row before
}

// race asks for a payment by each session, all at once: session n pays with coin
// n, counted round.
type race struct{ Coins []instrument.ID }

// told is one line that a party answers.
type told struct {
	Key     string     `json:",omitempty"` // it is ready, and this is its identity
	Killed  string     `json:",omitempty"` // its last word
	Points  []string   `json:",omitempty"`
	Outcome *outcome   `json:",omitempty"`
	Raced   []*outcome `json:",omitempty"`
	Status  string     `json:",omitempty"` // of a payment of several instruments
	Error   string     `json:",omitempty"`
}

// outcome is how a payment ended at the client.
type outcome struct {
	Kind   string       `json:",omitempty"` // empty: well
	Reason fault.Reason `json:",omitempty"`
	Text   string       `json:",omitempty"`
}

func outcomeOf(err error) *outcome {
	if err == nil {
		return &outcome{}
	}
	f := fault.From(err)
	return &outcome{Kind: f.Kind.String(), Reason: f.Reason, Text: f.Message}
}

// play is the main function of a party. It ends with its standard input, so that
// nothing outlives a test.
func play(text string) {
	var asBank part
	if err := json.Unmarshal([]byte(text), &asBank); err == nil && asBank.Role == comm.Bank {
		playBank(asBank)
	}
	p := &party{}
	if err := p.open(text); err != nil {
		fmt.Fprintln(os.Stderr, "open:", err)
		os.Exit(1)
	}
	p.tell(told{Key: p.house.Identity.KeyText()})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a asked
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			fmt.Fprintln(os.Stderr, "asked:", err)
			os.Exit(1)
		}
		answer, err := p.does(context.Background(), a)
		if err != nil {
			answer.Error = err.Error()
		}
		p.tell(answer)
	}
	os.Exit(0)
}

// party is a process that is going to be killed.
type party struct {
	part
	house    *house.House
	reaper   reaper
	sessions []*controller.Session
	ready    bool // all sessions have negotiated

	mu sync.Mutex // of standard output
}

func (p *party) open(text string) (err error) {
	if err := json.Unmarshal([]byte(text), &p.part); err != nil {
		return err
	}
	p.reaper.party = p
	o := house.Options{
		Files: house.Files{Dir: p.Dir}, Role: p.Role, Name: string(p.Role), Device: "test", At: p.reaper.at,
		Policy: profile.UserPolicy(), Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	if p.Role == comm.Vendor {
		o.Policy = profile.CustomerPolicy()
	}
	if p.Early {
		o.Parts = func(c *controller.Parts) { c.Store = &early{Store: c.Store, held: make(chan struct{})} }
	}
	ctx := context.Background()
	if p.house, err = house.Open(ctx, o); err != nil {
		return err
	}
	if err := p.house.Resume(ctx, nil); err != nil || p.Role != comm.Vendor {
		return err
	}
	_, err = p.house.Comm.Listen(ctx, comm.Address{Scheme: websocket.Scheme, Host: p.Listen, Path: "/"},
		func(comm.Conn) (comm.Handler, error) { return p.house.Serve(p.servicing()), nil })
	return err
}

func (p *party) tell(t told) {
	line, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = os.Stdout.Write(append(line, '\n'))
}

func (p *party) does(ctx context.Context, a asked) (told, error) {
	switch {
	case a.Arm != nil:
		return told{}, p.reaper.arm(*a.Arm)
	case a.Trace:
		return told{Points: p.reaper.passed()}, nil
	case a.Ready != nil:
		return told{}, p.negotiate(ctx, *a.Ready)
	case a.Pay != nil:
		return told{Outcome: outcomeOf(p.pay(ctx, *a.Pay))}, nil
	case a.Whole != nil:
		return p.paysWhole(ctx, *a.Whole)
	case a.Race != nil:
		return told{Raced: p.race(ctx, a.Race.Coins)}, nil
	case a.Note:
		own, err := p.house.Own(ctx)
		if err != nil {
			return told{}, err
		}
		_, err = p.house.Execute(ctx, controller.Transaction{Principal: own, Protocol: note, Operation: "NOTE", Class: classReceipt})
		return told{}, err
	}
	return told{}, errors.New("asked for nothing")
}

// negotiate opens the sessions, unless they are there, and gets fresh offers.
func (p *party) negotiate(ctx context.Context, r ready) error {
	p.ready = false
	for len(p.sessions) < max(r.Clients, 1) {
		s, err := p.house.InitiateSession(ctx, r.Peer, controller.Login{})
		if err != nil {
			return err
		}
		p.sessions = append(p.sessions, s)
	}
	for _, s := range p.sessions {
		if _, err := s.InstrumentClasses(ctx, instrument.Invoice{}); err != nil {
			return err
		}
		if _, err := s.NegotiateProtocol(ctx, classCoin); err != nil {
			return err
		}
		if _, err := s.SelectProtocol(ctx, classCoin, []string{r.Protocol}); err != nil {
			return err
		}
	}
	p.ready = true
	return nil
}

// pay goes on with the payment that an earlier life has begun, or begins one.
func (p *party) pay(ctx context.Context, o purchase) error {
	rows, err := p.house.Store.OperationRows(ctx, protocol.Filter{Side: protocol.Initiator, Limit: 1})
	if err != nil {
		return err
	}
	if len(rows) > 0 && rows[0].ID != o.Last && rows[0].Protocol != note {
		return p.await(ctx, rows[0].ID)
	}
	if !p.ready {
		return fault.New(fault.Unavailable, "no session").Because("not-ready")
	}
	return p.execute(ctx, p.sessions[0], o)
}

func (p *party) await(ctx context.Context, id instrument.OperationID) error {
	for {
		_, err := p.house.Protocols().Await(ctx, id)
		if fault.ReasonOf(err) != "pending" {
			return err
		}
		time.Sleep(20 * time.Millisecond) // another process runs it
	}
}

func (p *party) execute(ctx context.Context, s *controller.Session, o purchase) error {
	own, err := p.house.Own(ctx)
	if err != nil {
		return err
	}
	t := controller.Transaction{
		Principal: own, Operation: protocol.Pay, Class: classCoin, Instruments: append([]instrument.ID{o.Coin}, p.Own...),
	}
	if o.Key != "" {
		if t.ID, err = p.house.OperationID(o.Key); err != nil {
			return err
		}
	}
	_, err = s.Execute(ctx, t, nil)
	return err
}

// race lets all clients of this process pay at once.
func (p *party) race(ctx context.Context, coins []instrument.ID) []*outcome {
	out := make([]*outcome, len(p.sessions))
	var all sync.WaitGroup
	for n, s := range p.sessions {
		all.Go(func() { out[n] = outcomeOf(p.execute(ctx, s, purchase{Coin: coins[n%len(coins)]})) })
	}
	all.Wait()
	return out
}

// shop services payments with coins.
type shop struct{ own []instrument.ID }

var price = instrument.Amount{Currency: "CHF", Value: 1}

func (shop) Admit(_ context.Context, peer comm.Peer, _ comm.Initiate) (profile.Principal, error) {
	return profile.Principal{ID: instrument.PrincipalID("customer:" + peer.Key), Kind: profile.Person}, nil
}

func (shop) Offers(_ context.Context, _ controller.Caller, inv instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if class != classCoin {
		return instrument.Terms{}, nil, fault.New(fault.Unsupported, "coins only")
	}
	return instrument.Terms{Price: price}, inv, nil
}

func (s shop) Prepare(_ context.Context, _ controller.Caller, _ comm.Execute, t *controller.Transaction) error {
	t.Instruments = s.own
	return nil
}

func (shop) Ended(controller.Transaction, error) {}
