package provider

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

// Behaviour is what a card does when it is charged. The words are also the
// tokens of plastic cards.
type Behaviour string

// The behaviours.
const (
	Approved Behaviour = "approved"
	Declined Behaviour = "declined"
	Timeout  Behaviour = "timeout" // paid at once, but the answer is late
	Waiting  Behaviour = "pending" // until somebody settles it
)

// ParseBehaviour reads one of the words; empty text is Approved. The error is
// fault.Invalid with ReasonTokenUnknown.
func ParseBehaviour(word string) (Behaviour, error) {
	switch b := Behaviour(word); b {
	case "":
		return Approved, nil
	case Approved, Declined, Timeout, Waiting:
		return b, nil
	}
	return "", fault.New(fault.Invalid, "no card behaves like that").Because(ReasonTokenUnknown).
		WithHint("say approved, declined, timeout or pending")
}

func (b Behaviour) outcome() outcome {
	switch b {
	case Approved:
		return outcome{state: Paid}
	case Timeout:
		return outcome{state: Paid, late: true}
	case Waiting:
		return outcome{state: Pending}
	}
	return outcome{state: Failed, reason: WhyDeclined}
}

// brand is on every card of the simulator, so that nobody takes one for real.
const brand = "Sandbox Card"

// AddCard opens an account with a card that behaves like b. The card is for the
// wallet of whoever asked; the simulator keeps its key to check authorisations.
func (p *Provider) AddCard(ctx context.Context, b Behaviour) (onetime.Card, error) {
	b, err := ParseBehaviour(string(b))
	if err != nil {
		return onetime.Card{}, err
	}
	var dice [onetime.KeySize + 16 + 2]byte
	if _, err := io.ReadFull(p.o.Random, dice[:]); err != nil {
		return onetime.Card{}, fmt.Errorf("make a card: %w", err)
	}
	defer clear(dice[:])
	key, err := onetime.NewKey(dice[:onetime.KeySize])
	if err != nil {
		return onetime.Card{}, err
	}
	rest := dice[onetime.KeySize:]
	c := onetime.Card{
		Account: "card-" + hex.EncodeToString(rest[:16]),
		Brand:   brand,
		Last4:   fmt.Sprintf("%04d", (int(rest[16])<<8|int(rest[17]))%10000),
		Key:     key,
	}
	_, err = p.db.ExecContext(ctx, `INSERT INTO cards (account, brand, last4, secret, behaviour) VALUES (?, ?, ?, ?, ?)`,
		c.Account, c.Brand, c.Last4, dice[:onetime.KeySize], string(b))
	if err != nil {
		return onetime.Card{}, fmt.Errorf("keep a card: %w", err)
	}
	return c, nil
}
