package till

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// Order is what till software asks for.
type Order struct {
	Key      string            `json:"key"` // idempotency key: the same one is the same withdrawal
	Amount   instrument.Amount `json:"amount"`
	Exchange string            `json:"exchange,omitempty"` // its name at the bank, or its base URL; without it the bank's default
	Payment                    // how it is paid; else that is asked for when it is due
}

// Till sells withdrawals. It is safe for concurrent use.
type Till struct {
	terminal *vendor.Terminal
	looks    time.Duration // how long whoever begins a withdrawal waits for the bank to say what it deals in
	begins   time.Duration // and then to be shown the withdrawal
	pause    time.Duration // the first one between two attempts, while the bank or the card provider is away

	mu      sync.Mutex
	sales   map[string]*sale        // those that go on in this process, by request_uid
	stopped map[string]*fault.Fault // those that are open and do not go on: what has stopped each, by request_uid
	run     context.Context         // nil before Run
	ready   chan struct{}           // closed once what was open is taken up
	running sync.WaitGroup
}

// New makes the till of a terminal, whose controller has the bundle Records.
func New(t *vendor.Terminal) *Till {
	return &Till{terminal: t, looks: 20 * time.Second, begins: 20 * time.Second, pause: 500 * time.Millisecond, sales: map[string]*sale{}, stopped: map[string]*fault.Fault{}, ready: make(chan struct{})}
}

// Run goes on with every withdrawal that is open, and drives those that begin,
// until ctx ends. It is called once.
func (t *Till) Run(ctx context.Context) error {
	within, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		t.running.Wait()
	}()
	t.mu.Lock()
	t.run = within
	t.mu.Unlock()
	if err := t.takeUp(within); err != nil {
		return unlessOver(ctx, err)
	}
	close(t.ready)
	<-ctx.Done()
	return nil
}

// Ready returns once Run has taken up the open withdrawals. Before that they look as if
// nothing went on with them, and none can begin.
func (t *Till) Ready(ctx context.Context) error {
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unavailable, "the terminal has not started yet").Because("till-closed").WithHint("try again in a moment")
	}
}

// takeUp goes on with what an earlier life has left open, whoever began it.
func (t *Till) takeUp(ctx context.Context) error {
	for _, status := range statuses[:unended] {
		all, err := t.terminal.Instruments().List(ctx, instrument.Filter{Class: vendor.ClassWithdrawal, Status: status})
		if err != nil {
			return err
		}
		for _, i := range all {
			var w taler.TerminalWithdrawal
			if err := i.Decode(&w); err != nil {
				return err
			}
			_, err = t.terminal.Instruments().Find(ctx, class, keyRequest, w.RequestUID)
			if errors.Is(err, fault.NotFound) {
				_, err = t.keep(ctx, record{RequestUID: w.RequestUID, Amount: w.Amount})
			}
			if err != nil {
				return err
			}
		}
	}
	open, err := t.terminal.Instruments().List(ctx, instrument.Filter{Class: class, Status: statusOpen})
	if err != nil {
		return err
	}
	for _, i := range open {
		var r record
		if err := i.Decode(&r); err != nil {
			return err
		}
		if _, err := t.goOn(i.ID, r, Payment{Peer: r.Peer}); err != nil {
			return err
		}
	}
	return nil
}

// Start begins a withdrawal, and returns when the customer can be shown what it
// costs, or when it cannot be begun. While the bank is long in answering it is
// fault.Unknown, reason "pending". The same key again is the same withdrawal.
func (t *Till) Start(ctx context.Context, o Order) (View, error) {
	pay := o.Payment
	if err := t.check(o); err != nil {
		return View{}, err
	}
	op, err := t.terminal.OperationID(o.Key)
	if err != nil {
		return View{}, err
	}
	r := record{RequestUID: string(op), Amount: o.Amount, Exchange: o.Exchange, Peer: o.Peer}
	if err := t.mayBegin(ctx, r); err != nil {
		return View{}, err
	}
	id, err := t.keep(ctx, r)
	if err != nil {
		return View{}, err
	}
	if w, err := t.terminal.FindByRequest(ctx, r.RequestUID); err == nil && w.Over() && !w.WOPID.IsZero() {
		return t.Resume(ctx, w.WOPID.Text())
	}
	s, err := t.goOn(id, r, pay)
	if err != nil {
		return View{}, err
	}
	return s.begun(ctx)
}

// mayBegin refuses what the bank does not deal in, before anything is kept of the request:
// so it can be sent again under the same key once it is right. A withdrawal that is on
// record already needs no such look at the bank.
func (t *Till) mayBegin(ctx context.Context, r record) error {
	_, err := t.terminal.Instruments().Find(ctx, class, keyRequest, r.RequestUID)
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	within, cancel := context.WithTimeout(ctx, t.looks)
	defer cancel()
	if err = t.terminal.CheckOrder(within, r.order()); passes(err) {
		return fault.From(err).WithHint("send the same request again")
	}
	return err
}

func (t *Till) check(o Order) error {
	switch {
	case o.Key == "":
		return fault.New(fault.Invalid, "a withdrawal has a key").Because("key-malformed").WithHint("choose one, and send it again with the same request")
	case o.Amount.IsZero():
		return fault.New(fault.Invalid, "a withdrawal of nothing is none").Because("amount-too-small").WithHint(`say how much, such as {"amount":"CHF:20"}`)
	case o.Payment != Payment{}:
		return t.takes(o.Payment)
	}
	return nil
}

// goOn begins to drive a withdrawal, unless that has begun before.
func (t *Till) goOn(id instrument.ID, r record, pay Payment) (*sale, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.run == nil || t.run.Err() != nil {
		return nil, fault.New(fault.Unavailable, "the terminal is being started or ended").Because("till-closed").WithHint("try again in a moment")
	}
	if s := t.sales[r.RequestUID]; s != nil {
		s.pays(pay)
		return s, nil
	}
	s := newSale(t, id, r, pay)
	t.sales[r.RequestUID] = s
	delete(t.stopped, r.RequestUID)
	t.running.Go(func() { s.drive(t.run) })
	return s, nil
}

// forget drops a sale that is not driven any more. If a problem has stopped it, that is
// kept and shown until somebody goes on with it.
func (t *Till) forget(s *sale, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sales[s.order.RequestUID] != s {
		return
	}
	delete(t.sales, s.order.RequestUID)
	if why != nil {
		t.stopped[s.order.RequestUID] = fault.From(why)
	}
}

// stop is what has stopped a withdrawal that does not go on; nil if nothing has.
func (t *Till) stop(w vendor.Withdrawal) *fault.Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stopped[w.RequestUID]
}

// live is the sale of a withdrawal that goes on in this process; nil if none does.
func (t *Till) live(w vendor.Withdrawal) *sale {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sales[w.RequestUID]
}

// Show is a withdrawal as it is now, by its WOPID or a unique beginning of it.
func (t *Till) Show(ctx context.Context, name string) (View, error) {
	w, err := t.terminal.FindByPrefix(ctx, name)
	if err != nil {
		return View{}, err
	}
	return t.view(ctx, w, t.live(w)), nil
}

// statuses are the statuses of a withdrawal with a WOPID, in the order of its life; the
// final ones are the last.
var statuses = [...]string{
	taler.TerminalPending, taler.TerminalSelected, taler.TerminalPaid, taler.TerminalNotified,
	taler.TerminalConfirmed, taler.TerminalAborted,
}

const unended = 4

// List lists the withdrawals of this terminal, newest first: all, those of a status, or
// as "open" those that have not ended.
func (t *Till) List(ctx context.Context, status string) ([]View, error) {
	if status != "" && status != statusOpen && !slices.Contains(statuses[:], status) {
		return nil, fault.New(fault.Invalid, "no withdrawal is ever %q", status).Because("status-unknown").
			WithHint("it is %s, or one of %s", statusOpen, strings.Join(statuses[:], ", "))
	}
	all, err := t.terminal.Withdrawals(ctx)
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	out := []View{}
	for _, w := range all {
		if w.WOPID.IsZero() || status == statusOpen && w.Over() || status != "" && status != statusOpen && status != w.Status {
			continue
		}
		v := t.view(ctx, w, t.live(w))
		v.Terms = nil
		out = append(out, v)
	}
	return out, nil
}

// Resume goes on with a withdrawal that has stopped at a problem, and has one that pauses between two
// attempts try at once. One that a person has begun at the terminal is the till's from then on. One that
// has ended is shown as it is, once its end was told.
func (t *Till) Resume(ctx context.Context, name string) (View, error) {
	w, err := t.terminal.FindByPrefix(ctx, name)
	if err != nil {
		return View{}, err
	}
	if s := t.live(w); s != nil {
		s.hurry()
		return t.view(ctx, w, s), nil
	}
	r := record{RequestUID: w.RequestUID, Amount: w.Amount}
	i, err := t.terminal.Instruments().Lookup(ctx, class, keyRequest, w.RequestUID)
	mine := !errors.Is(err, fault.NotFound)
	switch {
	case w.Over() && (!mine || i.Status == statusEnded):
		return t.view(ctx, w, nil), nil
	case mine && err == nil:
		err = i.Decode(&r)
	case !mine: // somebody has begun it at the terminal
		i.ID, err = t.keep(ctx, r)
	}
	if err != nil {
		return View{}, err
	}
	s, err := t.goOn(i.ID, r, Payment{Peer: r.Peer})
	if err != nil {
		return View{}, err
	}
	return s.begun(ctx)
}
