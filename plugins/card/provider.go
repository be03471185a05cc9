package card

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

const (
	// chargeTime is how long a terminal waits for a provider before it says that
	// the outcome is unknown and goes on asking.
	chargeTime = 5 * time.Second
	askTime    = 10 * time.Second
	// arrivesWithin is how long a charge may be on its way: in the queue of a proxy,
	// or taken and not shown yet. So long it is no answer that the provider knows
	// nothing of it.
	arrivesWithin = 5 * time.Minute
	maxAnswer     = 256 << 10

	reasonUnknownTransaction fault.Reason = "transaction-unknown"
	reasonAnswerMalformed    fault.Reason = "answer-malformed"
)

// told is a payment as the provider tells it: POST gives id and state, and what went
// back since where it is asked again, GET all.
type told struct {
	ID        string            `json:"id"`
	State     string            `json:"state"`
	Amount    instrument.Amount `json:"amount"`
	Refunded  instrument.Amount `json:"refunded"`
	Reference string            `json:"reference"`
}

// post asks the provider to charge an order. The provider honours the key that
// the host adds, so a second request after a crash finds the first payment. The
// error is Unavailable if nothing happened, Declined if the provider refused the
// order itself, else the outcome is not known.
func post(ctx context.Context, s protocol.Session, o order) (protocol.Facts, error) {
	body, err := json.Marshal(struct {
		Amount    instrument.Amount `json:"amount"`
		Reference string            `json:"reference"`
		Token     string            `json:"token"`
		Merchant  string            `json:"merchant,omitempty"`
	}{o.Amount, o.Reference, o.Token, o.Merchant})
	if err != nil {
		return protocol.Facts{}, fault.Wrap(err, fault.Internal, "a charge cannot be written as JSON")
	}
	answer, err := s.Fetch(ctx, protocol.Request{
		Address: o.provider, Method: http.MethodPost, Path: "payments", Header: map[string]string{"Content-Type": "application/json"},
		Body: body, Timeout: chargeTime, Limit: maxAnswer, Repeat: true,
	})
	if err != nil {
		return protocol.Facts{}, err
	}
	return leftOf(o.Amount)(readCharge(answer))
}

// readCharge is the pure reading of the answer to a charge.
func readCharge(answer protocol.Response) (protocol.Facts, error) {
	switch {
	case answer.Status == http.StatusRequestTimeout, answer.Status == http.StatusTooManyRequests, answer.Status >= 500, answer.Status < 200:
		return protocol.Facts{}, fault.New(fault.Unknown, "the provider answered with status %d", answer.Status).Because("provider-failed")
	case answer.Status >= 400:
		return protocol.Facts{}, fault.New(fault.Declined, "the provider does not take this payment").
			Because("provider-refused").WithHint("it answered with status %d", answer.Status)
	case answer.Status >= 300:
		return protocol.Facts{}, fault.New(fault.Unknown, "the provider answered with status %d", answer.Status).Because("provider-failed")
	}
	facts, err := readPayment(answer.Body)
	if err != nil { // it has said something, and nobody knows what
		return protocol.Facts{}, fault.Wrap(err, fault.Unknown, "the provider's answer to a charge cannot be read").Because(reasonAnswerMalformed)
	}
	return facts, nil
}

// readPayment is the pure reading of one payment.
func readPayment(body []byte) (protocol.Facts, error) {
	var t told
	if err := json.Unmarshal(body, &t); err != nil {
		return protocol.Facts{}, misread()
	}
	return t.facts(body)
}

// askedFor refuses the facts of another payment than the one that was asked for:
// they are a misreading, on whatever side, and say nothing of that one.
func askedFor(transaction string) func(protocol.Facts, error) (protocol.Facts, error) {
	return func(f protocol.Facts, err error) (protocol.Facts, error) {
		if err == nil && f.Transaction != transaction {
			return protocol.Facts{}, misread()
		}
		return f, err
	}
}

// readPayments is the pure reading of the payments with one reference.
func readPayments(body []byte) ([]protocol.Facts, error) {
	var list struct {
		Payments []json.RawMessage `json:"payments"`
	}
	if err := json.Unmarshal(body, &list); err != nil || list.Payments == nil {
		return nil, misread()
	}
	found := make([]protocol.Facts, len(list.Payments))
	for n, raw := range list.Payments {
		var err error
		if found[n], err = readPayment(raw); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// weightiest is the payment that counts of those with one reference: the paid
// one, else one that is not final, else the last; of several the one of the amount that
// was asked for. One that went back whole is as one that failed. None is fault.NotFound.
func weightiest(found []protocol.Facts, amount instrument.Amount) (best protocol.Facts, err error) {
	for _, f := range found {
		more := weightOf(f) - weightOf(best)
		if more > 0 || more == 0 && (f.Amount == amount || best.Amount != amount) {
			best = f
		}
	}
	if best.State == "" {
		return best, unknownTransaction()
	}
	return best, nil
}

func weightOf(f protocol.Facts) int {
	if wentBack(f, f.Amount) {
		return weight(protocol.FactFailed)
	}
	return weight(f.State)
}

func weight(state string) int {
	switch state {
	case protocol.FactPaid:
		return 3
	case protocol.FactPending:
		return 2
	case protocol.FactFailed:
		return 1
	}
	return 0
}

// facts refuses a state that is none: a word of the future must not be taken for
// paid or failed.
func (t told) facts(raw []byte) (protocol.Facts, error) {
	if t.ID == "" || len(t.ID) > maxText || weight(t.State) == 0 || !json.Valid(raw) {
		return protocol.Facts{}, misread()
	}
	return protocol.Facts{
		State: t.State, Amount: t.Amount, Refunded: t.Refunded, Reference: t.Reference, Transaction: t.ID, Raw: raw,
	}, nil
}

// fetch sends a request that may be repeated: it only reads, or bears a name of
// its own under which the provider does it once. That there is no answer is
// fault.Unavailable, for asking again is all that helps; one that is too long to be
// read says nothing either, and is no sign that the provider is away.
func fetch(ctx context.Context, s protocol.Session, r protocol.Request) (protocol.Response, error) {
	r.Timeout, r.Limit, r.Repeat = askTime, max(r.Limit, maxAnswer), true
	answer, err := s.Fetch(ctx, r)
	switch {
	case fault.KindOf(err) == fault.Suspended, fault.KindOf(err) == fault.Denied:
		return protocol.Response{}, err
	case fault.ReasonOf(err) == "answer-too-big":
		return protocol.Response{}, fault.Wrap(err, fault.Unavailable, "the provider's answer is longer than %d KiB, and is not read", r.Limit>>10).
			Because(reasonAnswerMalformed).WithHint("ask the provider's support why it is so long: nothing is decided until it is shorter")
	case err != nil:
		return protocol.Response{}, unreachable(err)
	case answer.Status == http.StatusOK && len(bytes.TrimSpace(answer.Body)) > 0 && !instrument.PeerJSON(answer.Body): // it is kept as proof
		return protocol.Response{}, misread()
	}
	return answer, nil
}

// get asks the simulator and reads what it says.
func get[T any](ctx context.Context, s protocol.Session, provider instrument.ID, path string, read func([]byte) (T, error)) (T, error) {
	var none T
	answer, err := fetch(ctx, s, protocol.Request{Address: provider, Method: http.MethodGet, Path: path})
	switch {
	case err != nil:
		return none, err
	case answer.Status == http.StatusNotFound:
		return none, unknownTransaction()
	case answer.Status != http.StatusOK:
		return none, unusable(answer.Status)
	}
	return read(answer.Body)
}

// ask finds the payment of an amount with a reference.
func ask(ctx context.Context, s protocol.Session, provider instrument.ID, reference string, amount instrument.Amount) (protocol.Facts, error) {
	found, err := simulator{provider}.search(ctx, s, reference)
	if err != nil {
		return protocol.Facts{}, err
	}
	return weightiest(found.Payments, amount)
}

// askPending asks about a payment on record. While its charge may still arrive, a
// provider that knows nothing of it, or only of earlier attempts, has not said anything.
func askPending(ctx context.Context, s protocol.Session, p payment) (protocol.Facts, error) {
	f, err := ask(ctx, s, p.Provider, p.Reference, p.Amount)
	if err == nil && p.State == pending && weightOf(f) == weight(protocol.FactFailed) && slices.Contains(p.Former, f.Transaction) {
		f, err = protocol.Facts{}, unknownTransaction()
	}
	if fault.ReasonOf(err) == reasonUnknownTransaction && p.mayArrive(s.Now()) {
		err = notKnown(err)
	}
	return p.foundAs(f, err)
}

// reasonPaymentDiffers is a payment under our reference that is not the one on record.
const reasonPaymentDiffers fault.Reason = "payment-differs"

// foundAs refuses what was found under the reference of a payment where it is of another
// amount: who knows a reference may have paid less under it, elsewhere than here. Where
// its outcome is not on record yet, nor does what went back pay it.
func (p payment) foundAs(f protocol.Facts, err error) (protocol.Facts, error) {
	if err == nil && f.Amount != p.Amount {
		return protocol.Facts{}, fault.New(fault.Conflict, "the provider has charged %s for this reference, not %s", f.Amount, p.Amount).
			Because(reasonPaymentDiffers).WithHint("ask the provider's support; nothing was changed here")
	}
	if p.State == pending {
		return leftOf(p.Amount)(f, err)
	}
	return f, err
}

// reasonUnreachable is a provider that gives no answer.
const reasonUnreachable fault.Reason = "provider-unreachable"

func unreachable(cause error) *fault.Fault {
	return fault.Wrap(cause, fault.Unavailable, "the card payment provider does not answer").
		Because(reasonUnreachable).WithHint("try again later")
}

// unusable is an answer that says nothing but its status. What was asked for may have
// been done.
func unusable(status int) error {
	f := fault.New(fault.Unavailable, "the card payment provider answers with status %d", status).
		Because(reasonUnreachable).WithHint("try again later")
	if status < http.StatusInternalServerError && status != http.StatusTooManyRequests && status != http.StatusConflict {
		f = f.WithHint("compare address, space and rights with what the provider shows, and try again")
	}
	return f
}

// nothingLeft says that a request of a client was refused before the provider did
// anything: it was not connected to, was not let out to, or knows nobody who asks
// like that.
func nothingLeft(failure error) bool {
	switch fault.KindOf(failure) {
	case fault.Denied, fault.Invalid:
		return true
	case fault.Unavailable:
		kind := fault.KindOf(errors.Unwrap(failure))
		return kind == fault.Unavailable || kind == fault.Timeout
	}
	return false
}

func unknownTransaction() error {
	return fault.New(fault.NotFound, "the provider knows no such payment").Because(reasonUnknownTransaction)
}

func misread() error {
	return fault.New(fault.Unavailable, "the provider's answer is not of the expected form").
		Because(reasonAnswerMalformed).WithHint("is this the address of a card payment provider?")
}

// unread is misread of a payment that is told, but for one member. It names that, for
// who asks the provider's support about it.
func unread(member string) error {
	return fault.New(fault.Unavailable, "what the provider says of a payment has no %s that can be read", member).
		Because(reasonAnswerMalformed).WithHint("ask the provider's support about it: nothing is decided until it can be read")
}
