package taler

import (
	"context"
	"net/http"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// refused is the pure rule of an exchange's refusal. Final means that no coin of this request
// exists or ever will: only then may another batch be made. A refusal without a signature is
// not final by itself; see borneOut.
func (f form) refused(r taler.Reserve, e taler.ExchangeState, answer protocol.Response, spared bool) (final bool, refusal error) {
	err := fault.From(taler.FaultOf(answer.Status, answer.Body))
	switch {
	case answer.Status == http.StatusUnavailableForLegalReasons:
		return false, identify(e, answer.Body)
	case answer.Status == http.StatusConflict && wantsAge(answer.Body):
		return false, forAnAge()
	}
	switch err.Reason {
	case taler.ReasonDenominationUnknown, taler.ReasonDenominationNotYet, taler.ReasonDenominationExpired:
		var said taler.ExchangeError
		if taler.Unmarshal(answer.Body, &said) != nil || !proven(e.SignKeys, r.Batch.Plan, said) {
			return false, err.Because(taler.ReasonRefusalUnproven).
				WithHint("the exchange did not sign this refusal with a key that is known; go on with `wallet operation resume`: its keys are read again, and the same request is sent")
		}
		return true, err.WithHint("go on with `wallet operation resume`: the exchange's keys are read again, and coins are asked for anew")
	case taler.ReasonDenominationRevoked, taler.ReasonDenominationKeyLost, taler.ReasonInsufficientFunds:
		if !r.Batch.Clean || charged(r, answer) {
			return false, stuck(err, r.Batch.Clean)
		}
		return false, err.WithHint("go on with `wallet operation resume`: the exchange is asked for its keys and what it has, and if they bear this out, coins are asked for anew")
	case taler.ReasonEndpointUnknown:
		return r.Batch.Clean && spared && keeps(r.GivenUp) < maxGivenUp && f.absent(e, answer.Body), err.WithHint("the exchange does not do what it says that it can; tell its operator")
	case taler.ReasonReserveUnknown:
		return false, err.WithHint("the money has not arrived yet; go on later with `wallet operation resume`")
	case taler.ReasonKYCRequired:
		return false, identify(e, answer.Body)
	case taler.ReasonRedirectRefused:
		return false, sentAway(err, e.URL, answer).WithHint("tell the exchange's operator; everything is kept, and the same request is sent again: " +
			"go on with `wallet operation resume`; what nobody withdraws goes back when the reserve is closed")
	case taler.ReasonBatchPartlyWithdrawn, taler.ReasonReserveSignature:
		return false, err.WithHint("everything is kept; this is a defect of the wallet or of the exchange")
	}
	if failed(answer.Status) {
		return false, failure(err, fault.Unknown, answer.Status).WithHint("go on with `wallet operation resume`; the same request is sent and nothing is charged twice")
	}
	return false, err
}

// unread is the fault of a document that did not come, and names it. An exchange that cannot
// answer now is asked again, whatever its answer says.
func unread(what string, answer protocol.Response) error {
	err := fault.From(taler.FaultOf(answer.Status, answer.Body))
	switch {
	case failed(answer.Status):
		return failure(err, fault.Unavailable, answer.Status).WithHint("try again later")
	case redirects(answer.Status):
		return sentAway(err, "", answer).WithHint("ask the exchange's operator for its address")
	case err.Hint == "":
		err = err.WithHint("is this the address of a Taler exchange, with the path that its operator names?")
	}
	return fault.Wrap(err, err.Kind, "the exchange does not show %s: %s", what, err.Message).Because(err.Reason).WithHint("%s", err.Hint)
}

// document asks for a document that an exchange publishes. A document that is too long is not
// asked for again: it would be too long every time.
func document(ctx context.Context, s protocol.Session, ask protocol.Request) (protocol.Response, error) {
	answer, err := s.Fetch(ctx, ask)
	switch reason := fault.ReasonOf(err); reason {
	case reasonTooBig:
		return answer, fault.Wrap(err, fault.Invalid, "what the exchange shows as its %s is longer than the %d bytes that a wallet reads", ask.Path, ask.Limit).
			Because(reasonTooBig).WithHint("tell the exchange's operator, or use another exchange")
	case reasonMissing:
		return answer, fault.Wrap(err, fault.Unknown, "the exchange has not shown its %s in time, or not all of it", ask.Path).
			Because(reasonMissing).WithHint("nothing was changed; try again later, and if it stays so, tell the exchange's operator")
	case reasonEncodingUnknown, reasonEncodingBroken:
		return answer, fault.Wrap(err, fault.Invalid, "what the exchange shows as its %s cannot be read: %s", ask.Path, fault.From(err).Message).
			Because(reason).WithHint("something in front of the exchange compresses wrongly what it says; tell the exchange's operator")
	}
	return answer, err
}

// The host's reasons for an answer that cannot be used.
const (
	reasonMissing         fault.Reason = "answer-missing"   // it did not come, or not all of it
	reasonTooBig          fault.Reason = "answer-too-big"   // over the limit that was asked for
	reasonEncodingUnknown fault.Reason = "encoding-unknown" // compressed in a way that nobody asked for
	reasonEncodingBroken  fault.Reason = "encoding-broken"
)

func failed(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

func failure(err *fault.Fault, kind fault.Kind, status int) *fault.Fault {
	return fault.Wrap(err, kind, "the exchange could not answer, with status %d", status).Because(taler.ReasonExchangeFailed)
}

// stuck is the fault of a refusal without a signature. If an answer was lost before, the
// exchange may have made the coins, and the refusal says nothing of them. If none was lost,
// the reserve is empty: it was probably closed.
func stuck(err *fault.Fault, answered bool) error {
	if answered {
		return err.Because(taler.ReasonRefusalUnproven).WithHint("the exchange has as much left as if it had made these coins: either it has, or it has sent the money back when it closed the reserve; " +
			"look at your bank account. Everything is kept and only that request is sent again: go on with `wallet operation resume`, and if it stays so, ask the exchange's operator, or give it up with `wallet withdraw abort`")
	}
	return err.Because(taler.ReasonRefusalUnproven).WithHint("an answer to the same request was lost, and the coins may be made; " +
		"everything is kept and only that request is sent again: go on with `wallet operation resume`, and if it stays so, ask the exchange's operator, or give it up with `wallet withdraw abort`")
}

// doubtful reports whether an answer leaves open what became of the request: the exchange
// failed in the middle, or somebody on the way has answered in its place.
func doubtful(answer protocol.Response) bool {
	return answer.Status >= http.StatusInternalServerError || answer.Status < http.StatusBadRequest || answer.Status == http.StatusRequestTimeout ||
		fault.ReasonOf(taler.FaultOf(answer.Status, answer.Body)) == taler.ReasonBatchPartlyWithdrawn
}

// absent reports whether an exchange that lacks this endpoint may be asked in another form
// instead: one that it announces now, because it may have been updated since the request was
// made. The exchange itself must say that the endpoint is missing; a page of somebody on the
// way does not count.
func (f form) absent(e taler.ExchangeState, body []byte) bool {
	if !noEndpoint(body) {
		return false
	}
	v, err := taler.ParseVersion(e.Version)
	if err != nil {
		return false
	}
	offered, err := taler.WithdrawProtocols(v)
	return err == nil && slices.ContainsFunc(offered, func(id string) bool { return id != f.id })
}

// wantsAge reports whether coins are refused for being of no age, whatever the code.
func wantsAge(body []byte) bool {
	var said taler.ExchangeError
	return taler.Unmarshal(body, &said) == nil && said.MaximumAllowedAge > 0
}

// identify tells a person what to do when the exchange must know who they are: the page for
// the requirement that the body names (Taler docs, core/exchange kyc-check). It shows no link
// out of the body, whose sender is not certain, but one at the exchange itself.
func identify(e taler.ExchangeState, body []byte) error {
	err := fault.New(fault.Denied, "the exchange makes these coins only when it knows who you are").Because(taler.ReasonKYCRequired)
	var said taler.ExchangeError
	if taler.Unmarshal(body, &said) != nil || said.HPayto.IsZero() {
		return err.WithHint("the exchange must know you first: ask its operator how, at %s; nothing was charged, go on afterwards with `wallet operation resume`", e.URL)
	}
	return err.WithHint("the exchange must know you first: %skyc-check/%s says what is missing (requirement %d), and its operator how to give it; "+
		"nothing was charged, go on afterwards with `wallet operation resume`", e.URL, said.HPayto, said.RequirementRow)
}
