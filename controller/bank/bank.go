package bank

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Names that the bank shares with the bundles.
const (
	ClassWithdrawal instrument.ClassID = taler.ClassWithdrawal
	ClassProvider   instrument.ClassID = "card-provider"
	ProtocolCard                       = "card.pay"
	OperationVerify                    = "VERIFY"
	OperationSearch                    = "SEARCH"
	operationCheck                     = "CHECK"
)

// Incoming is the topic of confirmed withdrawals: the default exchange's history.
// Each further exchange has a topic of its own, named incoming/NAME. The same holds for
// Transfers and Outgoing. See Exchange.Topic.
const Incoming instrument.Topic = "incoming"

// FactProvider names the fact of a terminal that says with which provider it charges
// cards.
const FactProvider = "provider"

// Config is what the operator has decided.
type Config struct {
	Currency        string
	ExchangeURL     string      // base URL, ends with a slash
	ExchangeAccount taler.Payto // full payto
	WithdrawalFees  taler.Amount
	MinAmount       taler.Amount // the least and the most of one withdrawal; absent: no bound
	MaxAmount       taler.Amount
	Quotas          Quotas
	// AdminIncoming lets the exchange's test tools credit reserves that nobody
	// has paid for. It makes money out of nothing.
	AdminIncoming bool
	Asking        Asking
	Expiry        Expiry
	Searching     Searching
	// HandsOut leaves transfers to a caller of NextTransfer. Otherwise the bank has them
	// refunded by itself.
	HandsOut bool
}

// Asking says how providers are asked about payments; zero members have
// defaults. Refunds are asked for in the same way.
type Asking struct {
	First, Longest time.Duration // pauses between two questions about one payment: 1 s, doubling up to 5 minutes; each up to a fifth shorter or longer
	Woken          time.Duration // the pause after a webhook, if it is shorter: 1 s
	Within         time.Duration // for one question; 1 minute
	AtOnce         int           // questions to one provider at a time; 64
	Refusing       time.Duration // how long a provider may refuse a refund, its payment not being settled yet, before the refund has failed for good: 4 days
}

func (a Asking) withDefaults() Asking {
	orElse(&a.First, time.Second)
	orElse(&a.Longest, 5*time.Minute)
	orElse(&a.Woken, time.Second)
	orElse(&a.Within, time.Minute)
	orElse(&a.AtOnce, 64)
	orElse(&a.Refusing, 4*24*time.Hour) // a weekend, and a holiday after it
	return a
}

// orElse gives a setting that was left open its default.
func orElse[T int | time.Duration](setting *T, otherwise T) {
	if *setting <= 0 {
		*setting = otherwise
	}
}

// Bank is the C2EC controller. It is safe for concurrent use.
type Bank struct {
	*controller.Controller
	cfg Config

	life     context.Context
	stop     context.CancelFunc
	looking  bool // see Look
	work     sync.WaitGroup
	mu       sync.Mutex
	asking   map[instrument.ID]*errand   // what the bank asks a provider about, until it is decided
	paid     map[string][]*errand        // the errands that verify a payment, by ProviderTx
	second   map[instrument.ID][]string  // withdrawals whose second payments are looked for, and what notices have named
	repeated map[instrument.ID]time.Time // of these, when a second notice was repeated, since the searcher has asked
	slots    map[string]chan struct{}    // per provider: one that hangs holds up no other
	outages  map[instrument.ID]*outage   // of providers
	closed   map[instrument.ID]bool      // records that cannot be read and were named in the log: see passes

	wiring   sync.Mutex           // see Transfer
	refusals refusedBefore        // under wiring
	handing  map[string]*handing  // by the exchange's key; under mu
	standing map[string]*standing // likewise

	known sync.Map // providers by name, each a found; what a found holds of them never changes
	own   atomic.Pointer[profile.Principal]

	begun   map[instrument.Topic]instrument.Seq // the last row of each history when the bank was started; not changed after New
	fetched map[instrument.Topic]instrument.Seq // the last row up to which an exchange has read each history; under mu
	beyond  map[instrument.Topic]bool           // histories of which the log has said that an exchange is further; under mu
	foreign atomic.Int64                        // see Figures
	refused atomic.Int64                        // see Figures
}

// Policy is the bank's account policy: who may ask its own protocols for what. The wallet's
// permission is the WOPID that it shows.
func Policy() profile.Policy {
	return profile.AccountPolicy(
		profile.Grant{
			Kind: profile.Terminal, Protocol: taler.ProtocolWithdraw,
			Operations: []string{taler.OperationSetUp}, Standing: true,
		},
		profile.Grant{
			Kind: profile.Terminal, Protocol: taler.ProtocolWithdraw, Operations: []string{taler.OperationConfirm, taler.OperationAbort},
		},
		profile.Grant{Kind: "", Protocol: taler.ProtocolWithdraw, Operations: []string{taler.OperationSelect, taler.OperationAbort}},
		profile.Grant{Kind: profile.Node, Protocol: ProtocolCard, Operations: []string{OperationVerify, OperationSearch, operationCheck, protocol.Refund}},
	)
}

// New makes the bank of a controller whose policy is Policy. In the background it goes on
// with the notices that an earlier life has not decided. It refuses the settings that
// CheckCurrency refuses.
func New(ctx context.Context, c *controller.Controller, cfg Config) (*Bank, error) {
	b := newBank(context.Background(), c, cfg) // ctx is for the start
	err := b.CheckCurrency(ctx)
	if err == nil {
		err = b.beginHistories(ctx)
	}
	var changes instrument.Seq // changes up to this one are found below, later ones by keepHouse
	if err == nil {
		changes, err = b.lastRow(ctx, instrument.Operations)
	}
	if err == nil {
		err = b.resumeTransfers(ctx)
	}
	if err == nil {
		err = b.resumeReturns(ctx)
	}
	if err != nil {
		b.rest()
		return nil, err
	}
	b.background(b.resume)
	b.background(func() { b.keepHouse(changes) })
	return b, nil
}

func newBank(life context.Context, c *controller.Controller, cfg Config) *Bank {
	cfg.Asking = cfg.Asking.withDefaults()
	cfg.Expiry, cfg.Searching = cfg.Expiry.withDefaults(), cfg.Searching.withDefaults()
	b := &Bank{
		Controller: c, cfg: cfg, asking: map[instrument.ID]*errand{}, paid: map[string][]*errand{}, second: map[instrument.ID][]string{}, repeated: map[instrument.ID]time.Time{}, slots: map[string]chan struct{}{}, outages: map[instrument.ID]*outage{}, closed: map[instrument.ID]bool{},
		handing: map[string]*handing{}, standing: map[string]*standing{}, fetched: map[instrument.Topic]instrument.Seq{}, begun: map[instrument.Topic]instrument.Seq{}, beyond: map[instrument.Topic]bool{},
	}
	b.life, b.stop = context.WithCancel(life)
	c.CountsBy(b.fate)
	return b
}

// Close ends the background work and then the controller. The next life goes on with
// notices that are not decided.
func (b *Bank) Close(ctx context.Context) error {
	b.rest()
	return b.Controller.Close(ctx)
}

// rest ends the background work. It holds the lock so that ask begins no more of it in
// between.
func (b *Bank) rest() {
	b.mu.Lock()
	b.stop()
	b.mu.Unlock()
	b.work.Wait()
}

// Config is what the operator has decided.
func (b *Bank) Config() Config { return b.cfg }

// wallet is the principal of anybody who shows a WOPID.
var wallet = profile.Principal{ID: "wallet", Name: "a wallet"}

// Withdrawal reads a withdrawal and its instance; fault.NotFound with
// ReasonUnknownOperation.
func (b *Bank) Withdrawal(ctx context.Context, id taler.WOPID) (instrument.Instance, taler.Withdrawal, error) {
	i, err := b.Instruments().Lookup(ctx, ClassWithdrawal, KeyWOPID, id.Text())
	if err != nil {
		return instrument.Instance{}, taler.Withdrawal{}, unknown(err)
	}
	var w taler.Withdrawal
	err = i.Decode(&w)
	return i, w, err
}

// find is Withdrawal for callers that need only the id of the instance.
func (b *Bank) find(ctx context.Context, id taler.WOPID) (instrument.ID, error) {
	at, err := b.Instruments().Find(ctx, ClassWithdrawal, KeyWOPID, id.Text())
	if err != nil {
		return "", unknown(err)
	}
	return at, nil
}

func (b *Bank) view(ctx context.Context, at instrument.ID) (taler.Withdrawal, error) {
	var w taler.Withdrawal
	i, err := b.Instruments().View(ctx, at)
	if err != nil {
		return w, err
	}
	err = i.Decode(&w)
	return w, err
}

// owned is find for a terminal, which sees only what it has set up itself.
func (b *Bank) owned(ctx context.Context, terminal profile.Principal, id taler.WOPID) (instrument.ID, error) {
	at, err := b.find(ctx, id)
	if err != nil {
		return "", err
	}
	i, err := b.Instruments().View(ctx, at)
	if err != nil {
		return "", err
	}
	var of string
	if err := i.Member("terminal", &of); err != nil {
		return "", err
	}
	if of != string(terminal.ID) {
		return "", unknown(nil)
	}
	return at, nil
}

// call is a transaction of taler.withdraw.
func call(p profile.Principal, operation string, args any, on ...instrument.ID) controller.Transaction {
	return controller.Transaction{
		Principal: p, Protocol: taler.ProtocolWithdraw, Operation: operation, Class: ClassWithdrawal, Instruments: on, Args: args,
	}
}
