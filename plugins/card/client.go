package card

import (
	"context"
	"errors"
	"strconv"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// client speaks to one kind of payment provider. Its errors are those of get:
// fault.Unavailable when asking again is all that helps, fault.NotFound with
// reasonUnknownTransaction for what the provider does not know, fault.Denied
// when it does not know who asks.
type client interface {
	// check finds out whether the provider is there, speaks its language and
	// knows who asks.
	check(ctx context.Context, s protocol.Session) error
	// find asks about a payment by the provider's own name of it.
	find(ctx context.Context, s protocol.Session, transaction string) (protocol.Facts, error)
	// search asks for all payments with a reference; none is no error.
	search(ctx context.Context, s protocol.Session, reference string) (protocol.Found, error)
	// refund has money given back. The same external id again gives nothing back
	// and is answered with what became of the first. What the provider refuses to
	// do is fault.Declined; after any other error nobody knows, and the same is
	// asked again.
	refund(ctx context.Context, s protocol.Session, r repayment) (protocol.Repaid, error)
}

// The kinds of providers.
const (
	kindSimulator = "simulator"
	kindWallee    = "wallee"
)

const reasonProviderMalformed fault.Reason = "provider-malformed"

// providerState is the state of a card-provider. The last three members are those
// of wallee: the merchant's space and who asks.
type providerState struct {
	Name  string      `json:"name"`
	Kind  string      `json:"kind"`
	URL   string      `json:"url"`
	Space int64       `json:"space,omitempty"`
	User  int64       `json:"user,omitempty"`
	Key   masked.Text `json:"key,omitempty"`
}

// client is who speaks to the provider that is kept at id.
func (p providerState) client(id instrument.ID) (client, error) {
	switch p.Kind {
	case kindSimulator:
		return simulator{id}, nil
	case kindWallee:
		return newWallee(id, p)
	}
	return nil, fault.New(fault.Invalid, "there is no kind of provider %q", p.Kind).Because("provider-kind-unknown").
		WithHint("%q and %q are the ones", kindSimulator, kindWallee)
}

// clientOf is the client of a card-provider that the operation names.
func clientOf(ctx context.Context, s protocol.Session, id instrument.ID) (client, error) {
	var p providerState
	err := s.Update(ctx, func(tx instrument.Tx) error {
		i, err := tx.Get(id)
		if err != nil {
			return err
		}
		return i.Decode(&p)
	})
	if err != nil {
		return nil, err
	}
	return p.client(id)
}

// verify is a bank's VERIFY: the facts about a transaction, which decide nothing.
func verify(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args struct {
		Transaction string `json:"transaction"`
	}
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if !nameable(args.Transaction) {
		return protocol.Result{}, unknownTransaction()
	}
	from, err := clientOf(ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	facts, err := from.find(ctx, s, args.Transaction)
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(facts)
}

// nameable refuses names of transactions that no provider gives.
func nameable(t string) bool { return t != "" && t != "." && t != ".." && len(t) <= maxText }

// search is a bank's SEARCH: the facts about everything that was paid, or tried
// to be, with a reference.
func search(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args struct {
		Reference string `json:"reference"`
	}
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if args.Reference == "" || len(args.Reference) > maxText {
		return protocol.Result{}, fault.New(fault.Invalid, "a reference has 1 to %d bytes", maxText).Because("reference-malformed")
	}
	from, err := clientOf(ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	found, err := from.search(ctx, s, args.Reference)
	if err != nil {
		return protocol.Result{}, err
	}
	shorten(found.Payments)
	return protocol.ResultOf(found)
}

// shorten leaves out of many long payments the provider's own words for which there is
// no room in one result, first those for payments that are not paid.
func shorten(found []protocol.Facts) {
	room := maxAnswer
	for _, paid := range []bool{true, false} {
		for n, f := range found {
			switch {
			case (f.State == protocol.FactPaid) != paid:
			case len(f.Raw) <= room:
				room -= len(f.Raw)
			default:
				found[n].Raw = nil
			}
		}
	}
}

// check is CHECK.
func check(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	at, err := clientOf(ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	if err := at.check(ctx, s); err != nil {
		return protocol.Result{}, explained(err)
	}
	return protocol.ResultOf(struct{}{})
}

// explained says why a provider does not answer, in the words of who tried to reach it:
// only to an operator, who asks with CHECK. They name a machine, which payers need not
// know.
func explained(err error) error {
	var why *fault.Fault
	if fault.ReasonOf(err) != reasonUnreachable || !errors.As(errors.Unwrap(err), &why) {
		return err
	}
	f := unreachable(why)
	f.Message += ": " + why.Message
	if why.Hint != "" {
		f.Hint = why.Hint
	}
	return f
}

// nobody is a reference that nobody has paid.
const nobody = "swaperoo-check"

// repayment is what shall be given back of a payment.
type repayment struct {
	Transaction string            `json:"transaction"`
	Amount      instrument.Amount `json:"amount"`
	ExternalID  string            `json:"external_id"`
}

func (r repayment) check() error {
	switch {
	case !nameable(r.Transaction) || r.ExternalID == "" || len(r.ExternalID) > maxText:
		return fault.New(fault.Invalid, "a refund needs a transaction and an external id of at most %d bytes", maxText).Because("refund-malformed")
	case r.Amount.IsZero():
		return fault.New(fault.Invalid, "a refund of nothing is none").Because("amount-too-small")
	}
	return nil
}

// repaid refuses an answer that is about another refund than the one ordered.
func (r repayment) repaid(got protocol.Repaid) (protocol.Repaid, error) {
	if got.ExternalID != r.ExternalID || got.Amount != r.Amount || got.ID == "" || weight(got.State) == 0 {
		return protocol.Repaid{}, misread()
	}
	return got, nil
}

// ask has the provider that is kept at id give the money back. Its faults are those of
// client.refund.
func (r repayment) ask(ctx context.Context, s protocol.Session, id instrument.ID) (protocol.Repaid, error) {
	if err := r.check(); err != nil {
		return protocol.Repaid{}, err
	}
	by, err := clientOf(ctx, s, id)
	if err != nil {
		return protocol.Repaid{}, err
	}
	return by.refund(ctx, s, r)
}

// repay is a bank's REFUND. The bank has stored what it orders, under the name
// that goes along as external id, and orders the same until it learns the end:
// so nothing is on record here.
func repay(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var r repayment
	if err := c.Arguments(&r); err != nil {
		return protocol.Result{}, err
	}
	got, err := r.ask(ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(got)
}

// notRefunded is what a provider will not do, however often it is asked.
func notRefunded(status int) error {
	return fault.New(fault.Declined, "the provider does not give this money back").Because("refund-refused").
		WithHint("it answered with status %s", strconv.Itoa(status))
}
