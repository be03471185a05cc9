package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
)

// APIPath is where wallee's web service begins: the end of a client's base URL.
const APIPath = "/api/"

// transaction is a payment as wallee's service shows it.
type transaction struct {
	wallee.Transaction
	Version       int    `json:"version"`
	CreatedOn     string `json:"createdOn"`
	FailureReason string `json:"failureReason,omitempty"`
}

func (p *Provider) mountWallee(r *mux.Router) {
	for path, call := range map[string]struct {
		method string
		do     func(w http.ResponseWriter, r *http.Request, space int64)
	}{
		wallee.PathRead:       {http.MethodGet, p.readTransaction},
		wallee.PathSearch:     {http.MethodPost, p.searchTransactions},
		wallee.PathRefund:     {http.MethodPost, p.refundTransaction},
		wallee.PathRefundRead: {http.MethodGet, p.readRefund},
	} {
		r.HandleFunc(APIPath+path, func(w http.ResponseWriter, r *http.Request) {
			space, status := p.authenticate(r)
			if status != 0 {
				p.problem(w, status, "the request is not permitted")
				return
			}
			call.do(w, r, space)
		}).Methods(call.method)
	}
}

// readTransaction answers with nothing at all for a number that is not known.
func (p *Provider) readTransaction(w http.ResponseWriter, r *http.Request, space int64) {
	x, err := p.Payment(r.Context(), r.URL.Query().Get("id"))
	switch {
	case fault.KindOf(err) == fault.NotFound, err == nil && x.Space != space:
		w.WriteHeader(http.StatusOK)
	case err != nil:
		p.cannot(w, err)
	default:
		p.answer(w, http.StatusOK, shown(x))
	}
}

const mostEntities = 100

func (p *Provider) searchTransactions(w http.ResponseWriter, r *http.Request, space int64) {
	var q wallee.EntityQuery
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&q)
	like := wallee.ByReference(q.Filter.Value, q.StartingEntity, q.NumberOfEntities)
	if err != nil || q != like || q.StartingEntity < 0 || q.NumberOfEntities < 0 {
		p.problem(w, wallee.StatusClientError, "the simulator searches for one merchantReference")
		return
	}
	found, err := p.Payments(r.Context(), q.Filter.Value)
	if err != nil {
		p.cannot(w, err)
		return
	}
	list := []transaction{}
	for _, x := range found {
		if x.Space == space {
			list = append(list, shown(x))
		}
	}
	if q.NumberOfEntities == 0 {
		q.NumberOfEntities = mostEntities
	}
	list = list[min(q.StartingEntity, len(list)):]
	p.answer(w, http.StatusOK, list[:min(q.NumberOfEntities, mostEntities, len(list))])
}

// refundTransaction answers a repeated externalId with the first refund, even if the rest differs.
func (p *Provider) refundTransaction(w http.ResponseWriter, r *http.Request, space int64) {
	var in wallee.RefundCreate
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in)
	if err != nil || in.Type != wallee.MerchantInitiatedOnline || in.ExternalID == "" || len(in.ExternalID) > wallee.MaxExternalID {
		p.problem(w, wallee.StatusClientError, "the refund lacks its externalId, type, transaction or amount, or the externalId is too long")
		return
	}
	x, err := p.Payment(r.Context(), strconv.FormatInt(in.Transaction, 10))
	if err == nil && x.Space != space {
		err = malformed("there is no such transaction in this space")
	}
	if err != nil {
		p.cannot(w, err)
		return
	}
	amount, err := wallee.Amount(x.Amount.Currency, in.Amount)
	if err != nil {
		p.cannot(w, err)
		return
	}
	_, err = p.Refund(context.WithoutCancel(r.Context()), x.ID, amount, in.ExternalID)
	if err != nil && fault.ReasonOf(err) != ReasonRefundReused {
		p.cannot(w, err)
		return
	}
	p.showRefund(w, r, `external_id = ?`, in.ExternalID, space)
}

func (p *Provider) readRefund(w http.ResponseWriter, r *http.Request, space int64) {
	p.showRefund(w, r, `number = ?`, r.URL.Query().Get("id"), space)
}

// showRefund shows the refund that a condition of ours selects, or nothing at all.
func (p *Provider) showRefund(w http.ResponseWriter, r *http.Request, where, arg string, space int64) {
	made, number, err := p.refundWhere(r.Context(), where, arg)
	if fault.KindOf(err) == fault.NotFound {
		w.WriteHeader(http.StatusOK)
		return
	}
	x, ofErr := p.Payment(r.Context(), made.Payment)
	switch {
	case err != nil || ofErr != nil:
		p.cannot(w, firstOf(err, ofErr))
	case x.Space != space:
		w.WriteHeader(http.StatusOK)
	default:
		p.answer(w, http.StatusOK, struct {
			wallee.RefundEntity
			Transaction transaction `json:"transaction"`
		}{wallee.RefundEntity{
			ID: number, State: wallee.RefundSuccessful, ExternalID: made.ExternalID, Amount: wallee.Number(made.Amount),
		}, shown(x)})
	}
}

func firstOf(one, other error) error {
	if one != nil {
		return one
	}
	return other
}

// shown is a payment as wallee shows it. What is captured is the whole of it.
func shown(x Payment) transaction {
	t := transaction{
		Transaction: wallee.Transaction{
			State: x.stage(), MerchantReference: x.Reference, Currency: x.Amount.Currency, LinkedSpaceID: x.Space,
			AuthorizationAmount: wallee.Number(x.Amount), CompletedAmount: "0.00", RefundedAmount: "0.00",
		},
		Version: 1, CreatedOn: x.Created.Format(time.RFC3339), FailureReason: x.Reason,
	}
	if id, err := strconv.ParseInt(x.ID, 10, 64); err == nil {
		t.ID = id
	}
	switch t.State {
	case wallee.Completed, wallee.Fulfill, wallee.Decline:
		t.CompletedAmount = wallee.Number(x.Amount)
	}
	if !x.Refunded.IsZero() {
		t.RefundedAmount = wallee.Number(x.Refunded)
	}
	return t
}

// stage is the state of a payment at wallee.
func (x Payment) stage() wallee.State {
	switch {
	case x.Stage != "":
		return wallee.State(x.Stage)
	case x.State == Paid:
		return wallee.Fulfill
	case x.State == Failed:
		return wallee.Failed
	}
	return wallee.Pending
}

// staged is the simulator's own state for one of wallee's words.
func staged(word wallee.State) (State, bool) {
	switch word.Finality() {
	case wallee.Good, wallee.Withheld:
		return Paid, true
	case wallee.Bad:
		return Failed, true
	case wallee.Running:
		return Pending, true
	}
	return "", false
}
