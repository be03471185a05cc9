package card

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// simulator speaks to the provider simulator, whose API wants no credentials.
type simulator struct{ at instrument.ID }

func (x simulator) check(ctx context.Context, s protocol.Session) error {
	_, err := x.search(ctx, s, nobody)
	if fault.ReasonOf(err) == reasonUnknownTransaction { // the address itself is unknown there
		return misread()
	}
	return err
}

func (x simulator) find(ctx context.Context, s protocol.Session, transaction string) (protocol.Facts, error) {
	return get(ctx, s, x.at, "payments/"+url.PathEscape(transaction), func(body []byte) (protocol.Facts, error) {
		return askedFor(transaction)(readPayment(body))
	})
}

func (x simulator) search(ctx context.Context, s protocol.Session, reference string) (protocol.Found, error) {
	found, err := get(ctx, s, x.at, "payments?reference="+url.QueryEscape(reference), readPayments)
	for _, f := range found {
		if f.Reference != reference {
			return protocol.Found{}, misread()
		}
	}
	return protocol.Found{Payments: found}, err
}

func (x simulator) refund(ctx context.Context, s protocol.Session, r repayment) (protocol.Repaid, error) {
	body, err := json.Marshal(struct {
		Amount     instrument.Amount `json:"amount"`
		ExternalID string            `json:"external_id"`
	}{r.Amount, r.ExternalID})
	if err != nil {
		return protocol.Repaid{}, fault.Wrap(err, fault.Internal, "a refund cannot be written as JSON")
	}
	answer, err := fetch(ctx, s, protocol.Request{
		Address: x.at, Method: http.MethodPost, Path: "payments/" + url.PathEscape(r.Transaction) + "/refunds",
		Header: map[string]string{"Content-Type": "application/json"}, Body: body,
	})
	switch {
	case err != nil:
		return protocol.Repaid{}, err
	case answer.Status == http.StatusBadRequest, answer.Status == http.StatusConflict, answer.Status == http.StatusUnprocessableEntity:
		return protocol.Repaid{}, notRefunded(answer.Status)
	case answer.Status != http.StatusOK:
		return protocol.Repaid{}, unusable(answer.Status)
	}
	got, err := readRefund(answer.Body)
	if err != nil {
		return protocol.Repaid{}, err
	}
	return r.repaid(got)
}

// readRefund is the pure reading of a refund.
func readRefund(body []byte) (protocol.Repaid, error) {
	var got struct {
		ID         string            `json:"id"`
		State      string            `json:"state"`
		ExternalID string            `json:"external_id"`
		Amount     instrument.Amount `json:"amount"`
	}
	if err := json.Unmarshal(body, &got); err != nil || weight(got.State) == 0 {
		return protocol.Repaid{}, misread()
	}
	return protocol.Repaid{State: got.State, Amount: got.Amount, ExternalID: got.ExternalID, ID: got.ID, Raw: body}, nil
}
