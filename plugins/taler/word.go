package taler

import (
	"context"
	"net/http"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// Bounds for what is kept of refusals: otherwise an exchange could make a reserve longer with
// each of them, until it does not fit between plugin and host any more. When the requests that
// were given up have so many bytes, no further one is given up.
const (
	maxRefusal = 16 << 10 // bytes of one
	maxGivenUp = 768 << 10
)

// keeps is how many bytes a reserve keeps of requests that were given up.
func keeps(all []taler.Evidence) (bytes int) {
	for _, e := range all {
		bytes += len(e.Request) + len(e.Response)
	}
	return bytes
}

// byWord lists the refusals without a signature after which another batch may be made, if
// they are borne out.
func byWord(reason fault.Reason) bool {
	return reason == taler.ReasonDenominationRevoked || reason == taler.ReasonDenominationKeyLost || reason == taler.ReasonInsufficientFunds
}

// borneOut reports whether a refusal without a signature is true, for a batch of which no
// answer was lost. The exchange's keys, which it signs, must not list a denomination of the
// plan any more; or the reserve must have less than the plan costs. Otherwise somebody on the
// way, or a faulty proxy, could make a wallet give up coins that were paid for. So the
// exchange must also say how much the reserve has, and that must not be what this very request
// would have left.
func borneOut(r taler.Reserve, e taler.ExchangeState, balance taler.Amount) bool {
	if balance.Currency != r.Remainder.Currency || charges(r, balance) || keeps(r.GivenUp) >= maxGivenUp {
		return false
	}
	if r.Batch.Refused != taler.ReasonInsufficientFunds {
		return byWord(r.Batch.Refused) && slices.ContainsFunc(r.Batch.Plan, func(c taler.PlannedCoins) bool {
			return !slices.ContainsFunc(e.Denominations, func(d taler.Denomination) bool { return d.DenomPubHash == c.Denomination.DenomPubHash })
		})
	}
	cost, err := costs(*r.Batch, balance.Currency)
	return err == nil && compare(balance, cost) < 0
}

// giveUpBatch makes room for another batch, and keeps a record of this one.
func giveUpBatch(r *taler.Reserve) {
	if r.Evidence != nil {
		r.GivenUp = append(slices.Clone(r.GivenUp), *r.Evidence)
	}
	r.Batch = nil
}

// charged reports whether an exchange that speaks of too little money shows what
// the very request would have left.
func charged(r taler.Reserve, answer protocol.Response) bool {
	var said taler.ExchangeError
	return taler.Unmarshal(answer.Body, &said) == nil && said.Code == taler.CodeInsufficientFunds && charges(r, said.Balance)
}

// charges reports whether a balance is what the batch would have left: of what was
// agreed to, or of all that has come.
func charges(r taler.Reserve, balance taler.Amount) bool {
	there := []taler.Amount{r.Remainder}
	if all, err := r.Remainder.Add(r.Surplus); err == nil {
		there = append(there, all)
	}
	cost, err := costs(*r.Batch, r.Remainder.Currency)
	return err == nil && slices.ContainsFunc(there, func(a taler.Amount) bool {
		left, err := a.Sub(cost)
		return err == nil && left == balance
	})
}

// costs is what a batch takes from its reserve.
func costs(b taler.WithdrawBatch, currency string) (taler.Amount, error) {
	_, value, fees, err := totals(b.Plan, currency)
	if err != nil {
		return value, err
	}
	return value.Add(fees)
}

// fromElsewhere reports whether a "not found" did not come from the exchange. The exchange gives
// a code with each refusal; a proxy without a server behind it shows a page of its own.
func fromElsewhere(answer protocol.Response) bool {
	var said taler.ExchangeError
	return answer.Status == http.StatusNotFound && (taler.Unmarshal(answer.Body, &said) != nil || said.Code == 0)
}

// noEndpoint reports whether the exchange itself says that it lacks the endpoint.
func noEndpoint(body []byte) bool {
	var said taler.ExchangeError
	return taler.Unmarshal(body, &said) == nil && said.Code == taler.CodeEndpointUnknown
}

// spared asks for the balance after such an answer, before another form is tried. A balance
// that this very request would have left shows that the answer was somebody else's.
func (w coinWithdrawal) spared(ctx context.Context, s protocol.Session, r taler.Reserve) (bool, error) {
	answer, err := s.Fetch(ctx, protocol.Request{
		Address: r.Exchange, Method: http.MethodGet, Path: "reserves/" + r.ReservePub.String(), Timeout: maxHold, Limit: maxAnswer, Repeat: true,
	})
	if err != nil {
		return false, err
	}
	got, err := arrived(r, answer)
	return err == nil && (!got.Exists || !charges(r, got.Balance)), nil
}
