package vendor

import (
	"context"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// Names that the terminal shares with the bundles.
const (
	ClassWithdrawal  instrument.ClassID = taler.ClassWithdrawal
	ClassProvider    instrument.ClassID = "card-provider"
	ClassCardPayment instrument.ClassID = "card-payment"
	ClassCard        instrument.ClassID = "payment-card"
	ClassExchange    instrument.ClassID = taler.ClassExchange
	ClassPrepaid     instrument.ClassID = "prepaid"
	ClassCredit      instrument.ClassID = "prepaid-credit"
	ClassSpent       instrument.ClassID = "prepaid-payment"

	protocolCard     = "card.pay"
	operationCharge  = "CHARGE"
	operationLookup  = "LOOKUP"
	operationCheck   = "CHECK"
	protocolExchange = taler.ProtocolExchange
	operationTerms   = taler.OperationTerms
	ProtocolPrepaid  = "prepaid.signed"
	OperationCredit  = "CREDIT"
	operationOpen    = "OPEN"
)

// Config is what the terminal's owner has decided.
type Config struct {
	Bank     comm.Peer        // the bank, over taler+http(s) or natively
	Login    controller.Login // the terminal's account at it
	Renew    Renew            // nil: the login stays as it is
	Merchant string           // as the customer sees it on the card statement
	// Integration is the base URL of the bank's integration API: what the QR code
	// leads wallets to.
	Integration string
	// Refunds decides what payers may have back by themselves; nil: WhileOpen.
	Refunds RefundPolicy
	// Prices are those of purchases; nil: the invoice's amount for every class.
	Prices Prices
}

// maxMerchant is how many bytes of a merchant's name card payments take.
const maxMerchant = 256

// CheckMerchant refuses the name of a merchant under which no card could be charged.
func CheckMerchant(name string) error {
	if len(name) <= maxMerchant {
		return nil
	}
	return fault.New(fault.Invalid, "the merchant's name has %d bytes, and a card payment takes at most %d", len(name), maxMerchant).
		Because("merchant-too-long").WithHint("say it as it shall be on a card statement: a few words")
}

// Terminal is the vendor's controller. It is safe for concurrent use.
type Terminal struct {
	*controller.Controller
	cfg Config

	dialling sync.Mutex // held while the bank is dialled, which must not keep wallets from being served
	session  *controller.Session

	renewing sync.Mutex // held while the login is read again
	refused  controller.Login

	mu       sync.Mutex
	login    controller.Login
	rest     *taler.Client    // the Terminal API, to wait for changes
	door     string           // where wallets reach this terminal
	selling  map[string]*sale // by WOPID: those that wait for a native payer
	aborting map[string]int   // by WOPID: how often the bank is being asked to abort it
	readers  int              // doors for card readers that are open

	strangers strangers

	taking takings // parts of payments that are being paid
	owed   owed    // payments into accounts that are not credited yet

	slot chan struct{} // held by the withdrawal that is at the reader
}

// New makes the terminal of a controller whose policy is profile.CustomerPolicy.
// rest speaks to the Terminal API of the same bank.
func New(c *controller.Controller, rest *taler.Client, cfg Config) *Terminal {
	return &Terminal{
		Controller: c, cfg: cfg, login: cfg.Login, rest: rest, selling: map[string]*sale{}, aborting: map[string]int{}, slot: make(chan struct{}, 1),
	}
}

// bank is the session with the bank: one, kept, negotiated once.
func (t *Terminal) bank(ctx context.Context) (*controller.Session, error) {
	t.dialling.Lock()
	defer t.dialling.Unlock()
	if t.session != nil {
		return t.session, nil
	}
	s, err := t.InitiateSession(ctx, t.cfg.Bank, t.LoginAt(t.cfg.Bank))
	if err != nil {
		return nil, err
	}
	if _, err := s.Negotiate(ctx, ClassWithdrawal, instrument.Invoice{}); err != nil {
		_ = s.Close(ctx)
		return nil, err
	}
	t.session = s
	return s, nil
}

// patience is how long a terminal goes on asking a bank that is away. The person in front
// of the terminal usually ends the waiting earlier.
const patience = 24 * time.Hour

// ask runs an operation of taler.withdraw at the bank.
func (t *Terminal) ask(ctx context.Context, operation string, args any, into any, on ...instrument.ID) error {
	self, err := t.Own(ctx)
	if err != nil {
		return err
	}
	var result protocol.Result
	err = t.admitted(ctx, func() error {
		s, err := t.bank(ctx)
		if err != nil {
			return err
		}
		result, err = s.Execute(ctx, controller.Transaction{
			Principal: self, Operation: operation, Class: ClassWithdrawal, Instruments: on, Args: args, Within: patience,
		}, nil)
		return err
	})
	if err != nil || into == nil {
		return err
	}
	return result.Decode(into)
}

// alone runs an operation that needs no peer.
func (t *Terminal) alone(ctx context.Context, x controller.Transaction, into any) error {
	self, err := t.Own(ctx)
	if err != nil {
		return err
	}
	x.Principal = self
	result, err := t.Execute(ctx, x)
	if err != nil || into == nil {
		return err
	}
	return result.Decode(into)
}

// Provider is the provider with which this terminal charges cards: the first one that
// it has.
func (t *Terminal) Provider(ctx context.Context) (instrument.ID, error) {
	all, err := t.Instruments().List(ctx, instrument.Filter{Class: ClassProvider, Status: providerActive, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(all) == 0 {
		return "", fault.New(fault.NotFound, "this terminal has no card provider").Because("provider-unknown").
			WithHint("add one with `terminal provider add`")
	}
	return all[0].ID, nil
}

// BankConfig is what the bank says of itself to this terminal.
func (t *Terminal) BankConfig(ctx context.Context) (config taler.TerminalConfig, err error) {
	err = t.admitted(ctx, func() error {
		config, err = t.api().TerminalConfig(ctx)
		return err
	})
	return config, err
}

// statusOf is what the bank says of a withdrawal.
func (t *Terminal) statusOf(ctx context.Context, w *Withdrawal, poll taler.LongPoll) (status taler.BankWithdrawalOperationStatus, err error) {
	err = t.admitted(ctx, func() error {
		status, err = t.api().TerminalStatus(ctx, w.WOPID, poll)
		return err
	})
	return status, err
}

// Close ends the session with the bank and the terminal's operations.
func (t *Terminal) Close(ctx context.Context) error {
	t.dialling.Lock()
	s := t.session
	t.dialling.Unlock()
	if s != nil {
		_ = s.Close(ctx)
	}
	return t.Controller.Close(ctx)
}

// Policy is the vendor's customer policy: limits of customers, and their age.
func Policy() profile.Policy { return profile.CustomerPolicy() }
