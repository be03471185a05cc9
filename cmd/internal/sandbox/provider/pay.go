package provider

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

// outcome is what charging a token comes to.
type outcome struct {
	state  State
	reason string
	late   bool
	card   CardShown
	charge *onetime.Authorisation // whose counter is used up
}

// Pay makes a payment, or finds the one that was made under the same key, even if that order was
// another one. late says that the answer to this request has to wait; the payment is in the books
// already. A declined card is no error but a failed payment.
//
// The error is fault.Invalid for an order that no provider could read.
func (p *Provider) Pay(ctx context.Context, o Order) (made Payment, late bool, err error) {
	if err := o.check(); err != nil {
		return Payment{}, false, err
	}
	digest, err := o.digest()
	if err != nil {
		return Payment{}, false, err
	}
	id, err := p.newID("pay-")
	if err != nil {
		return Payment{}, false, err
	}
	err = sandbox.Transact(ctx, p.db, func(tx *sql.Tx) error {
		first, known, err := p.madeUnder(ctx, tx, o.Key, digest)
		if err != nil {
			return err
		}
		if known {
			id = first
			return nil
		}
		out, err := charge(ctx, tx, o)
		if err == nil && out.state != Failed {
			out, err = once(ctx, tx, o, out)
		}
		if err != nil {
			return err
		}
		late = out.late
		number, err := next(ctx, tx, "payments")
		if err != nil {
			return err
		}
		if o.Space != 0 {
			id = strconv.FormatInt(number, 10)
		}
		return p.record(ctx, tx, entry{id, number, o, digest, out})
	})
	if err != nil {
		return Payment{}, false, fmt.Errorf("make a payment: %w", err)
	}
	made, err = p.Payment(ctx, id)
	return made, late, err
}

// madeUnder finds the payment of an idempotency key. That another order came under it
// is said in the log, for whoever makes the software that sent it.
func (p *Provider) madeUnder(ctx context.Context, tx *sql.Tx, key string, digest []byte) (id string, known bool, err error) {
	if key == "" {
		return "", false, nil
	}
	var before []byte
	err = tx.QueryRowContext(ctx, `SELECT id, request FROM payments WHERE key = ?`, key).Scan(&id, &before)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", false, nil
	case err != nil:
		return "", false, err
	case !bytes.Equal(before, digest):
		p.o.Log.Warn("an Idempotency-Key came again with another order, which is answered with the first payment", "payment", id)
	}
	return id, true, nil
}

// charge decides about a token.
func charge(ctx context.Context, tx *sql.Tx, o Order) (outcome, error) {
	if !strings.HasPrefix(o.Token, onetime.TokenPrefix) {
		b, err := ParseBehaviour(o.Token)
		if err != nil {
			return outcome{}, fault.New(fault.Invalid, "the token is neither a word of a plastic card nor a card's authorisation").
				Because(ReasonTokenUnknown)
		}
		return b.outcome(), nil
	}
	a, err := onetime.ParseToken(o.Token)
	if err != nil {
		return outcome{}, err
	}
	return chargeCard(ctx, tx, o, a)
}

// chargeCard checks an authorisation against the card's key, the order and the counters used before.
// Only one that fits in everything uses its counter up, so a vendor's mistake does not cost the
// customer the authorisation.
func chargeCard(ctx context.Context, tx *sql.Tx, o Order, a onetime.Authorisation) (outcome, error) {
	var shown CardShown
	var secret []byte
	var behaviour string
	err := tx.QueryRowContext(ctx, `SELECT brand, last4, secret, behaviour FROM cards WHERE account = ?`, a.Account).
		Scan(&shown.Brand, &shown.Last4, &secret, &behaviour)
	if errors.Is(err, sql.ErrNoRows) {
		return outcome{state: Failed, reason: WhyCard}, nil
	}
	if err != nil {
		return outcome{}, err
	}
	key, err := onetime.NewKey(secret)
	clear(secret)
	if err != nil {
		return outcome{}, err
	}
	defer key.Wipe()
	if !a.Verify(key) {
		return outcome{state: Failed, reason: WhyMAC}, nil // nobody has proved whose it is
	}
	if why := differs(o, a); why != "" {
		return outcome{state: Failed, reason: why, card: shown}, nil
	}
	var used bool
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM authorisations WHERE account = ? AND counter = ?)`,
		a.Account, int64(a.Counter)).Scan(&used); err != nil {
		return outcome{}, err
	}
	if used {
		return outcome{state: Failed, reason: WhyUsed, card: shown}, nil
	}
	paid, err := paidBefore(ctx, tx, a)
	if err != nil {
		return outcome{}, err
	}
	if paid {
		return outcome{state: Failed, reason: WhyPaid, card: shown}, nil
	}
	out := Behaviour(behaviour).outcome()
	out.card, out.charge = shown, &a
	return out, nil
}

// paidBefore reports whether a card has paid, or may be paying, a merchant for a
// reference. It is never charged a second time for the same thing, however many
// authorisations a merchant has collected by saying that one did not arrive.
func paidBefore(ctx context.Context, tx *sql.Tx, a onetime.Authorisation) (bool, error) {
	var paid bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM authorisations JOIN payments ON payments.id = authorisations.payment
		WHERE account = ? AND merchant = ? AND reference = ? AND state <> ?)`, a.Account, a.Merchant, a.Reference, string(Failed)).Scan(&paid)
	return paid, err
}

// once refuses a second payment of a merchant for one reference, with whatever token, and even if the
// first order has arrived late. An order that names no merchant is not checked.
func once(ctx context.Context, tx *sql.Tx, o Order, out outcome) (outcome, error) {
	if o.Merchant == "" {
		return out, nil
	}
	var paid bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM payments WHERE reference = ? AND merchant = ? AND state <> ?)`,
		o.Reference, o.Merchant, string(Failed)).Scan(&paid)
	if err != nil || !paid {
		return out, err
	}
	return outcome{state: Failed, reason: WhyPaid, card: out.card}, nil
}

// differs says in what an order differs from what the card's holder has allowed; empty: in nothing.
func differs(o Order, a onetime.Authorisation) string {
	switch {
	case o.Amount != a.Amount:
		return WhyAmount
	case o.Reference != a.Reference:
		return WhyReference
	case o.Merchant != "" && o.Merchant != a.Merchant:
		return WhyMerchant
	}
	return ""
}

// next is the next number in a table.
func next(ctx context.Context, tx *sql.Tx, table string) (number int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM `+table).Scan(&number)
	return number, err
}

// entry is a payment as it comes into the books.
type entry struct {
	id     string
	number int64
	order  Order
	digest []byte // of order
	out    outcome
}

// record writes a payment, and the use of the counter of the authorisation that has paid.
func (p *Provider) record(ctx context.Context, tx *sql.Tx, e entry) error {
	o, out, merchant := e.order, e.out, e.order.Merchant
	if out.charge != nil {
		merchant = out.charge.Merchant
	}
	key := sql.NullString{String: o.Key, Valid: o.Key != ""}
	_, err := tx.ExecContext(ctx, `INSERT INTO payments (number, space, id, key, request, amount, reference, merchant, brand, last4, state, reason, made)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.number, o.Space, e.id, key, e.digest, o.Amount.String(), o.Reference, merchant, out.card.Brand, out.card.Last4,
		string(out.state), out.reason, p.o.Clock().Unix())
	if err != nil || out.charge == nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO authorisations (account, counter, payment) VALUES (?, ?, ?)`,
		out.charge.Account, int64(out.charge.Counter), e.id)
	return err
}
