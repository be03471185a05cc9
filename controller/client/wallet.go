package client

import (
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Names that the wallet shares with the bundles.
const (
	ClassWithdrawal instrument.ClassID = taler.ClassWithdrawal
	ClassReserve    instrument.ClassID = taler.ClassReserve
	ClassCoin       instrument.ClassID = taler.ClassCoin
	ClassExchange   instrument.ClassID = taler.ClassExchange
	ClassCard       instrument.ClassID = "payment-card"

	protocolCoins    = taler.ProtocolBatchWithdraw
	protocolExchange = taler.ProtocolExchange
)

// Wallet is the client's controller, unlocked for one principal. It is safe for
// concurrent use.
type Wallet struct {
	*controller.Controller
	user profile.Principal
	bank func(base string) (*taler.Client, error)
	busy claims

	// Languages are those that the person reads, as an Accept-Language says it; empty:
	// whichever an exchange writes its terms in. It is set before the wallet is used.
	Languages string

	// Unchecked lists instruments that came out of a backup and are not used before
	// somebody has checked them; nil: there are none. It is set before the wallet is used.
	Unchecked func(context.Context) ([]instrument.ID, error)

	// Longest is the longest pause before a party that has failed is asked again; zero:
	// 10 seconds. It is set before the wallet is used.
	Longest time.Duration

	// Quiet is how long a bank may keep silent, or a terminal not wait for a payment, before
	// the person is told; zero: 5 seconds. It is set before the wallet is used.
	Quiet time.Duration
}

// New makes the wallet of a controller whose policy is profile.UserPolicy, for
// one of its principals. bank makes clients of banks' integration APIs, within
// the rules for hostile QR codes.
func New(c *controller.Controller, user profile.Principal, bank func(base string) (*taler.Client, error)) *Wallet {
	return &Wallet{Controller: c, user: user, bank: bank}
}

// User is the principal for whom the wallet is unlocked.
func (w *Wallet) User() profile.Principal { return w.user }

// do runs an operation that needs no peer and reads its result.
func (w *Wallet) do(ctx context.Context, t controller.Transaction, into any) error {
	t.Principal = w.user
	result, err := w.Execute(ctx, t)
	if err != nil || into == nil {
		return err
	}
	return result.Decode(into)
}

// coins is a transaction of taler.batch-withdraw.
func coins(operation string, args any, on ...instrument.ID) controller.Transaction {
	return controller.Transaction{Protocol: protocolCoins, Operation: operation, Class: ClassReserve, Instruments: on, Args: args}
}
