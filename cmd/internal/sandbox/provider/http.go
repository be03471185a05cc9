package provider

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// maxBody is the most that a request may bring along, in bytes.
const maxBody = 16 << 10

// Handler is the API of the package comment.
func (p *Provider) Handler() http.Handler {
	r := mux.NewRouter().SkipClean(true) // else a double slash becomes a redirect, which no POST survives
	r.HandleFunc("/payments", p.postPayment).Methods(http.MethodPost)
	r.HandleFunc("/payments", p.listPayments).Methods(http.MethodGet)
	r.HandleFunc("/payments/{id}", p.showPayment).Methods(http.MethodGet)
	r.HandleFunc("/payments/{id}/refunds", p.postRefund).Methods(http.MethodPost)
	r.HandleFunc("/payments/{id}/settle", p.postSettle).Methods(http.MethodPost)
	r.HandleFunc("/openapi.yaml", showDocument).Methods(http.MethodGet)
	p.mountWallee(r)
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.refuse(w, fault.New(fault.NotFound, "there is nothing at this address").Because("endpoint-unknown"))
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.refuse(w, fault.New(fault.Unsupported, "this address does not take that method").Because("method-invalid"))
	})
	return r
}

func (p *Provider) postPayment(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Amount    string `json:"amount"`
		Reference string `json:"reference"`
		Token     string `json:"token"`
		Merchant  string `json:"merchant"`
		Space     int64  `json:"space"`
	}
	if !p.read(w, r, &in) {
		return
	}
	amount, err := instrument.ParseAmount(in.Amount)
	if err != nil {
		p.refuse(w, err)
		return
	}
	// A client that hangs up has still paid: a real provider goes on as well.
	made, late, err := p.Pay(context.WithoutCancel(r.Context()), Order{
		Amount: amount, Reference: in.Reference, Token: in.Token, Merchant: in.Merchant, Space: in.Space,
		Key: r.Header.Get("Idempotency-Key"),
	})
	if err != nil {
		p.refuse(w, err)
		return
	}
	if late && !p.dawdle(r.Context()) {
		return
	}
	p.answer(w, http.StatusOK, struct {
		ID       string             `json:"id"`
		State    State              `json:"state"`
		Reason   string             `json:"reason,omitempty"`
		Refunded *instrument.Amount `json:"refunded,omitempty"` // since the order came first
	}{made.ID, made.State, made.Reason, made.returned()})
}

// dawdle waits and reports whether anybody is still there to hear the answer.
func (p *Provider) dawdle(ctx context.Context) bool {
	fires, stop := p.o.Timer(p.o.Delay)
	defer stop()
	select {
	case <-fires:
	case <-p.done:
	case <-ctx.Done():
		return false
	}
	return true
}

func (p *Provider) listPayments(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("reference") {
		p.refuse(w, malformed("the parameter reference is missing"))
		return
	}
	found, err := p.Payments(r.Context(), r.URL.Query().Get("reference"))
	if err != nil {
		p.refuse(w, err)
		return
	}
	p.answer(w, http.StatusOK, map[string][]Payment{"payments": found})
}

func (p *Provider) showPayment(w http.ResponseWriter, r *http.Request) {
	x, err := p.Payment(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		p.refuse(w, err)
		return
	}
	p.answer(w, http.StatusOK, x)
}

func (p *Provider) postRefund(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Amount     string `json:"amount"`
		ExternalID string `json:"external_id"`
	}
	if !p.read(w, r, &in) {
		return
	}
	amount, err := instrument.ParseAmount(in.Amount)
	if err != nil {
		p.refuse(w, err)
		return
	}
	made, err := p.Refund(context.WithoutCancel(r.Context()), mux.Vars(r)["id"], amount, in.ExternalID)
	if err != nil {
		p.refuse(w, err)
		return
	}
	p.answer(w, http.StatusOK, made)
}

func (p *Provider) postSettle(w http.ResponseWriter, r *http.Request) {
	var in struct {
		State State `json:"state"`
	}
	if !p.read(w, r, &in) {
		return
	}
	x, err := p.Settle(r.Context(), mux.Vars(r)["id"], in.State)
	if err != nil {
		p.refuse(w, err)
		return
	}
	p.answer(w, http.StatusOK, x)
}

// read takes one JSON object of known members, or answers why not.
func (p *Provider) read(w http.ResponseWriter, r *http.Request, into any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return true
		}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p.refuse(w, fault.New(fault.Invalid, "the request is longer than %d bytes", maxBody).Because(reasonTooLarge))
		return false
	}
	p.refuse(w, malformed("the request is not one JSON object with the members of this API"))
	return false
}

const reasonTooLarge fault.Reason = "request-too-large"

func (p *Provider) refuse(w http.ResponseWriter, err error) {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		p.o.Log.Error("a request failed", "err", err)
	}
	p.answer(w, statusOf(f), map[string]*fault.Fault{"error": f})
}

func statusOf(f *fault.Fault) int {
	switch {
	case f.Reason == reasonTooLarge:
		return http.StatusRequestEntityTooLarge
	case f.Kind == fault.Invalid:
		return http.StatusBadRequest
	case f.Kind == fault.NotFound:
		return http.StatusNotFound
	case f.Kind == fault.Conflict:
		return http.StatusConflict
	case f.Kind == fault.Unsupported:
		return http.StatusMethodNotAllowed
	case f.Kind == fault.Timeout:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

func (p *Provider) answer(w http.ResponseWriter, status int, document any) {
	text, err := json.Marshal(document)
	if err != nil {
		p.o.Log.Error("an answer cannot be written", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // who does not read it asks again
}
