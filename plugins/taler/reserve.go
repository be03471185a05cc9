package taler

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

const (
	// maxProof bounds what is signed in one PROVE.
	maxProof = 64 << 10
	// maxHold is how long an exchange may hold an answer.
	maxHold = 30 * time.Second
	// answerTime is how long an exchange may think besides.
	answerTime = 15 * time.Second
	// maxAnswer is the most that is read of an exchange's answer but /keys, and to a
	// request for coins.
	maxAnswer = 1 << 20
	// maxCoinAnswer is the most that is read of the answer to a request for coins, which
	// is kept: that for a batch of the largest keys has half of it.
	maxCoinAnswer = 256 << 10
)

// prove signs a message with the reserve key, under a domain of its own: the
// signature says that this wallet speaks and can be used for nothing at Taler.
func prove(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.ProveArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	if len(args.Message) == 0 || len(args.Message) > maxProof {
		return protocol.Result{}, fault.New(fault.Invalid, "a proof needs a message of at most %d bytes", maxProof).Because(taler.ReasonParameterMalformed)
	}
	_, r, err := look[taler.Reserve](ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	priv, err := r.ReservePriv.EddsaPrivateKey()
	if err != nil {
		return protocol.Result{}, err
	}
	sig := priv.Sign(taler.ReserveProof(args.Message))
	return protocol.ResultOf(taler.ProveResult{Signature: sig[:]})
}

// await asks the exchange once whether the money has arrived. It changes nothing
// and may be asked as often as needed.
func await(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.AwaitArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	_, r, err := look[taler.Reserve](ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	hold := min(max(time.Duration(args.TimeoutMS)*time.Millisecond, 0), maxHold)
	answer, err := s.Fetch(ctx, protocol.Request{
		Address: r.Exchange, Method: http.MethodGet,
		Path:    "reserves/" + r.ReservePub.String() + "?timeout_ms=" + strconv.FormatInt(hold.Milliseconds(), 10),
		Timeout: hold + answerTime, Limit: maxAnswer, Repeat: true,
	})
	if err != nil {
		return protocol.Result{}, err
	}
	out, err := arrived(r, answer)
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(out)
}

// arrived is the pure reading of the exchange's answer.
func arrived(r taler.Reserve, answer protocol.Response) (taler.AwaitResult, error) {
	if answer.Status != http.StatusOK {
		err := unread("the reserve", answer)
		switch {
		case fault.ReasonOf(err) == taler.ReasonReserveUnknown:
			return taler.AwaitResult{}, nil
		case fromElsewhere(answer):
			return taler.AwaitResult{}, failure(fault.From(err), fault.Unavailable, answer.Status).WithHint("try again later; something in front of the exchange has answered")
		}
		return taler.AwaitResult{}, err
	}
	var status taler.ReserveStatus
	if err := taler.Unmarshal(answer.Body, &status); err != nil {
		return taler.AwaitResult{}, malformed(err)
	}
	switch {
	case status.Balance == (taler.Amount{}):
		return taler.AwaitResult{}, malformed(fault.New(fault.Invalid, "it does not say how much is in the reserve"))
	case status.Balance.Currency != r.Amount.Currency:
		return taler.AwaitResult{}, fault.New(fault.Invalid, "the exchange shows %s in the reserve, which was made for %s", status.Balance, r.Amount.Currency).
			Because(taler.ReasonCurrencyMismatch).WithHint("tell the exchange's operator; the reserve's key is kept")
	case status.MaximumAgeGroup > 0:
		return taler.AwaitResult{}, forAnAge()
	}
	return taler.AwaitResult{Exists: true, Balance: status.Balance}, nil
}

func forAnAge() error {
	return fault.New(fault.Unsupported, "coins of this reserve must be restricted by age, which this wallet cannot do").
		Because("age-restricted").WithHint("use a wallet that can, with this reserve's key; what nobody withdraws goes back when the reserve is closed")
}

// malformed is the fault for an answer that is not Taler's, and says what is wrong
// with it.
func malformed(err error) error { return illFormed("the exchange's answer", err) }

func illFormed(what string, err error) error {
	return fault.Wrap(err, fault.Invalid, "%s cannot be used: %s", what, fault.From(err).Message).
		Because(taler.ReasonAnswerMalformed).WithHint("is this the address of a Taler exchange?")
}

// abandon gives a reserve up whose money will not come. Its key is kept.
func abandon(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.AbandonArgs
	if err := c.Arguments(&args); err != nil {
		return protocol.Result{}, err
	}
	_, err := change(ctx, s, c.Main(), func(status string, r *taler.Reserve) (verdict, error) {
		v := abandoned(status, r, args)
		if !v.change && status != taler.ReserveAborted {
			return stay, fault.New(fault.Conflict, "this withdrawal is %s and cannot be given up", status).Because("not-abandonable")
		}
		return v, nil
	})
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(struct{}{})
}
