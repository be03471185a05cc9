package bank

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// Account is the profile of one of the bank's clients (paper §4): a terminal, whose
// withdrawals the bank pays for until the provider has paid the bank.
type Account struct {
	Name      string             `json:"name"`
	PerDay    *instrument.Amount `json:"per_day,omitempty"` // the most that it sells in a day of UTC; nil: no limit is set
	Credit    *instrument.Amount `json:"credit,omitempty"`  // credit line; nil: none is set
	Owes      *instrument.Amount `json:"owes,omitempty"`    // against it
	Cancelled string             `json:"cancelled,omitempty"`
	Disabled  bool               `json:"disabled,omitempty"`
}

// Accounts lists them.
func (b *Bank) Accounts(ctx context.Context) ([]Account, error) {
	all, err := b.Profiles().Principals(ctx, profile.Terminal)
	if err != nil {
		return nil, err
	}
	out := make([]Account, len(all))
	for n, p := range all {
		if out[n], err = b.shown(ctx, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Account is one of them; fault.NotFound.
func (b *Bank) Account(ctx context.Context, name string) (Account, error) {
	p, err := b.account(ctx, profile.Terminal, name)
	if err != nil {
		return Account{}, err
	}
	return b.shown(ctx, p)
}

func (b *Bank) shown(ctx context.Context, p profile.Principal) (Account, error) {
	a := Account{Name: p.Name, Cancelled: p.Facts[profile.FactCancelled], Disabled: p.Disabled}
	if limit, ok := p.Limits.PerDay[b.cfg.Currency]; ok {
		a.PerDay = &limit
	}
	line, ok := p.Limits.Credit[b.cfg.Currency]
	if !ok {
		return a, nil
	}
	owes, err := b.Profiles().Owes(ctx, p, b.cfg.Currency)
	a.Credit, a.Owes = &line, &owes
	return a, err
}

// SetCredit gives an account a credit line: the sum of what it has sold, and is
// selling, since it was settled. The zero Amount takes the line away.
func (b *Bank) SetCredit(ctx context.Context, name string, line instrument.Amount) error {
	return b.setLimit(ctx, name, line, func(l *profile.Limits) *map[string]instrument.Amount { return &l.Credit })
}

// SetPerDay limits what an account sells, and is selling, in a day of UTC. The
// zero Amount takes the limit away.
func (b *Bank) SetPerDay(ctx context.Context, name string, most instrument.Amount) error {
	return b.setLimit(ctx, name, most, func(l *profile.Limits) *map[string]instrument.Amount { return &l.PerDay })
}

func (b *Bank) setLimit(ctx context.Context, name string, most instrument.Amount, of func(*profile.Limits) *map[string]instrument.Amount) error {
	if most != (instrument.Amount{}) && most.Currency != b.cfg.Currency {
		return fault.New(fault.Invalid, "this bank keeps accounts in %s", b.cfg.Currency).Because("currency-differs").
			WithHint("say how much in %s", b.cfg.Currency)
	}
	return b.changeAccount(ctx, name, func(p *profile.Principal) {
		limit := of(&p.Limits)
		*limit = nil
		if most != (instrument.Amount{}) {
			*limit = map[string]instrument.Amount{most.Currency: most}
		}
	})
}

// Settle begins to count anew: the account's holder has paid.
func (b *Bank) Settle(ctx context.Context, name string) error {
	now := b.Now()
	return b.changeAccount(ctx, name, func(p *profile.Principal) { p.Limits.CreditSince = now })
}

// Cancel keeps an account from beginning anything new, for a reason that its
// holder is told; what was begun ends as it would have.
func (b *Bank) Cancel(ctx context.Context, name, reason string) error {
	return b.changeAccount(ctx, name, func(p *profile.Principal) { p.Facts[profile.FactCancelled] = reason })
}

// Restore takes a cancellation back.
func (b *Bank) Restore(ctx context.Context, name string) error {
	return b.changeAccount(ctx, name, func(p *profile.Principal) { delete(p.Facts, profile.FactCancelled) })
}

func (b *Bank) changeAccount(ctx context.Context, name string, change func(*profile.Principal)) error {
	p, err := b.account(ctx, profile.Terminal, name)
	if err != nil {
		return err
	}
	return b.Profiles().Change(ctx, p.ID, func(p *profile.Principal) error {
		change(p) // each terminal has facts
		return nil
	})
}

// counted names what a withdrawal counts as against its account, from the set-up on: its
// unique key, made of the terminal and the request.
func counted(terminal profile.Principal, r taler.TerminalWithdrawalSetup) instrument.OperationID {
	return instrument.OperationID(string(terminal.ID) + "/" + r.RequestUID)
}

// fate is what became of a withdrawal that counts against an account.
func (b *Bank) fate(ctx context.Context, request instrument.OperationID) (profile.Fate, error) {
	i, err := b.Instruments().Lookup(ctx, ClassWithdrawal, "request", string(request))
	switch {
	case errors.Is(err, fault.NotFound):
		return profile.Unseen, nil
	case err != nil:
		return profile.Unseen, err
	case i.Status == string(taler.StateConfirmed):
		return profile.Done, nil
	case i.Status == string(taler.StateAborted):
		return profile.Failed, nil
	}
	return profile.Running, nil
}
