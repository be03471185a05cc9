package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// told lets a servicer's answers of one kind be rewritten on their way.
func told[T any](method string, f func(*T)) interfere {
	return func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
		out, err := next.Request(ctx, conn, method, params)
		if v, ok := out.(T); ok && err == nil {
			f(&v)
			return v, nil
		}
		return out, err
	}
}

// rebuilt is an offer whose body says something else, with the old signature.
func rebuilt(t *testing.T, o *comm.Offer, f func(*instrument.OfferBody)) {
	t.Helper()
	var body instrument.OfferBody
	if err := json.Unmarshal(o.Body, &body); err != nil {
		t.Error(err)
	}
	f(&body)
	text, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
	}
	o.Body = text
}

// Nobody between vendor and wallet can change what is offered.
func TestAnOfferThatWasTamperedWithIsRefused(t *testing.T) {
	var kept []comm.Offer // of another pair
	for _, row := range []struct {
		name   string
		change func(t *testing.T, o *comm.Offered)
		want   fault.Reason
	}{
		{"as it was", func(_ *testing.T, o *comm.Offered) { kept = o.Offers }, ""},
		{"a higher price", func(t *testing.T, o *comm.Offered) {
			rebuilt(t, &o.Offers[0], func(b *instrument.OfferBody) { b.Terms.Price.Value++ })
		}, "offer-signature"},
		{"another currency", func(t *testing.T, o *comm.Offered) {
			rebuilt(t, &o.Offers[0], func(b *instrument.OfferBody) { b.Terms.Price.Currency = "EUR" })
		}, "offer-signature"},
		{"a class twice", func(_ *testing.T, o *comm.Offered) { o.Offers = append(o.Offers, o.Offers[0]) }, "class-offered-twice"},
		{"another class", func(t *testing.T, o *comm.Offered) {
			rebuilt(t, &o.Offers[0], func(b *instrument.OfferBody) { b.Class = "payment-card" })
		}, "offer-signature"},
		{"a later end", func(t *testing.T, o *comm.Offered) {
			rebuilt(t, &o.Offers[0], func(b *instrument.OfferBody) { b.Until = b.Until.Add(time.Hour) })
		}, "offer-signature"},
		{"another invoice", func(t *testing.T, o *comm.Offered) {
			rebuilt(t, &o.Offers[0], func(b *instrument.OfferBody) { b.Invoice = instrument.Invoice{"item": "yacht"} })
		}, "offer-signature"},
		{"another vendor's", func(_ *testing.T, o *comm.Offered) { o.Offers = kept }, "offer-signature"},
		{"a flipped bit in the signature", func(_ *testing.T, o *comm.Offered) { o.Offers[0].Signature[7] ^= 1 }, "offer-signature"},
		{"no signature", func(_ *testing.T, o *comm.Offered) { o.Offers[0].Signature = nil }, "offer-signature"},
		{"half a signature", func(_ *testing.T, o *comm.Offered) { o.Offers[0].Signature = o.Offers[0].Signature[:32] }, "offer-signature"},
		{"no body", func(_ *testing.T, o *comm.Offered) { o.Offers[0].Body = nil }, "offer-signature"},
		{"one bad among good ones", func(_ *testing.T, o *comm.Offered) {
			o.Offers = append([]comm.Offer{{Body: []byte("{}")}}, o.Offers...)
		}, "offer-signature"},
		{"no offer at all", func(_ *testing.T, o *comm.Offered) { o.Offers = nil }, "no-common-class"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newShop(t, &shop{}, time.Now, comm.MethodClasses, told(comm.MethodClasses, func(o *comm.Offered) { row.change(t, o) }))
			s := p.session(t)
			_, err := s.InstrumentClasses(t.Context(), nil)
			wantReason(t, err, row.want)
			if row.want != "" {
				if _, err := s.NegotiateProtocol(t.Context(), controllertest.ClassTicket); err == nil {
					t.Error("the session goes on")
				}
			}
		})
	}
}

// A vendor's own offer to the same wallet is worth nothing in their next session:
// it may be another price, or a relay's connection.
func TestAnOfferHoldsInItsSessionOnly(t *testing.T) {
	var first comm.Offered
	p := newShop(t, &shop{}, time.Now, comm.MethodClasses, told(comm.MethodClasses, func(o *comm.Offered) {
		if first.Offers == nil {
			first = *o
		}
		o.Offers = first.Offers
	}))
	if _, err := p.session(t).InstrumentClasses(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err := p.session(t).InstrumentClasses(t.Context(), nil)
	wantReason(t, err, "transcript-differs")
}

// The payer's signature binds everything that is paid: whoever changes a part of
// it on the way gets nothing, and the ticket comes back.
func TestAPaymentThatWasTamperedWithIsRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(t *testing.T, e *comm.Execute)
		want   fault.Reason
	}{
		{"as it was", func(*testing.T, *comm.Execute) {}, ""},
		{"another operation id", func(_ *testing.T, e *comm.Execute) { e.Op = "ffeeddccbbaa99887766554433221100" }, "payer-signature"},
		{"another counter", func(_ *testing.T, e *comm.Execute) { e.Call.Payer.Counter++ }, "payer-signature"},
		{"a shorter expiry", func(_ *testing.T, e *comm.Execute) { e.Call.Payer.Expiry = e.Call.Payer.Expiry.Add(-time.Second) }, "payer-signature"},
		{"an expiry after the offer's", func(_ *testing.T, e *comm.Execute) { e.Call.Payer.Expiry = e.Call.Payer.Expiry.Add(time.Second) }, "payer-signature"},
		{"an expiry in the past", func(_ *testing.T, e *comm.Execute) { e.Call.Payer.Expiry = time.Unix(1, 0) }, "payer-signature"},
		{"no signature", func(_ *testing.T, e *comm.Execute) { e.Call.Payer.Signature = nil }, "payer-signature"},
		{"a flipped bit", func(_ *testing.T, e *comm.Execute) { e.Call.Payer.Signature[0] ^= 1 }, "payer-signature"},
		{"no payer", func(_ *testing.T, e *comm.Execute) { e.Call.Payer = nil }, "payer-signature"},
		{"no offer", func(_ *testing.T, e *comm.Execute) { e.Call.Offer = nil }, "payer-signature"},
		{"another operation", func(_ *testing.T, e *comm.Execute) { e.Call.Operation = "REFUND" }, "payer-signature"},
		{"another protocol", func(_ *testing.T, e *comm.Execute) { e.Call.Protocol = "ticket.other" }, "out-of-order"},
		{"a lower price", func(t *testing.T, e *comm.Execute) {
			rebuilt(t, e.Call.Offer, func(b *instrument.OfferBody) { b.Terms.Price.Value = 1 })
		}, "offer-signature"},
		{"another class", func(_ *testing.T, e *comm.Execute) { e.Call.Class = "beads" }, "out-of-order"},
		{"an offer of nobody", func(_ *testing.T, e *comm.Execute) { e.Call.Offer.Signature = nil }, "offer-signature"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newShop(t, &shop{}, time.Now, comm.MethodExecute, func(ctx context.Context, conn comm.Conn, params json.RawMessage, next comm.Handler) (any, error) {
				var e comm.Execute
				if err := json.Unmarshal(params, &e); err != nil {
					return nil, err
				}
				row.change(t, &e)
				text, err := json.Marshal(e)
				if err != nil {
					return nil, err
				}
				return next.Request(ctx, conn, comm.MethodExecute, text)
			})
			_, err := p.pay(t, p.negotiated(t), "00112233445566778899aabbccddeeff")
			wantReason(t, err, row.want)
			status, taken := p.from.View(t, p.ticket).Status, p.taken(t)
			if row.want != "" && (status != "valid" || taken) || row.want == "" && (status != "punched" || !taken) {
				t.Errorf("the ticket is %s here, taken there: %v", status, taken)
			}
		})
	}
}

// taken tells whether the servicer has the ticket.
func (p pair) taken(t *testing.T) bool {
	t.Helper()
	_, err := p.to.Instruments().Find(t.Context(), controllertest.ClassTicket, "number", "7")
	if err != nil && !errors.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestAnOfferThatIsOverIsDeclined(t *testing.T) {
	for _, row := range []struct {
		name string
		late time.Duration
		want fault.Reason
	}{
		{"in time", 14 * time.Minute, ""},
		{"too late", 16 * time.Minute, "offer-expired"},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := time.Now()
			s := &shop{}
			p := newShop(t, s, func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return now }, "", nil)
			session := p.negotiated(t)
			s.mu.Lock()
			now = now.Add(row.late)
			s.mu.Unlock()
			_, err := session.Execute(t.Context(), controller.Transaction{
				Principal: p.from.Me(t), Operation: protocol.Pay, Class: controllertest.ClassTicket, Instruments: []instrument.ID{p.ticket}, Within: time.Hour,
			}, nil)
			wantReason(t, err, row.want)
			if p.taken(t) != (row.want == "") {
				t.Errorf("taken: %v", p.taken(t))
			}
		})
	}
}

// A vendor that does not sign what it says it got has left the outcome open.
func TestAReceiptIsForThisPaymentAndItsResult(t *testing.T) {
	var earlier []byte
	for _, row := range []struct {
		name   string
		change func(e *comm.Executed)
		want   fault.Reason
	}{
		{"as it was", func(e *comm.Executed) { earlier = e.Receipt }, ""},
		{"none", func(e *comm.Executed) { e.Receipt = nil }, "receipt-signature"},
		{"cut short", func(e *comm.Executed) { e.Receipt = e.Receipt[:63] }, "receipt-signature"},
		{"a flipped bit", func(e *comm.Executed) { e.Receipt[63] ^= 1 }, "receipt-signature"},
		{"of another payment", func(e *comm.Executed) { e.Receipt = earlier }, "receipt-signature"},
		{"of another result", func(e *comm.Executed) { e.Result = json.RawMessage(`{"punched":false}`) }, "receipt-signature"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newShop(t, &shop{}, time.Now, comm.MethodExecute, answering(row.change))
			_, err := p.pay(t, p.negotiated(t), "")
			wantReason(t, err, row.want)
			if row.want != "" && !errors.Is(err, fault.Unknown) {
				t.Errorf("the vendor has the ticket, and the outcome is %v", fault.KindOf(err))
			}
			if !p.taken(t) {
				t.Error("the vendor has not taken it")
			}
		})
	}
}

// Answers that are no answers end a step with an error and take nothing along.
func TestAServicerThatAnswersGarbage(t *testing.T) {
	step := func(s *controller.Session, method string, t *testing.T) error {
		_, err := s.InstrumentClasses(t.Context(), nil)
		if err == nil && method != comm.MethodClasses {
			_, err = s.NegotiateProtocol(t.Context(), controllertest.ClassTicket)
		}
		return err
	}
	for _, row := range []struct{ name, method, answer string }{
		{"classes: a number", comm.MethodClasses, `7`},
		{"classes: offers that are words", comm.MethodClasses, `{"offers":["a"]}`},
		{"classes: null", comm.MethodClasses, `null`},
		{"protocols: a number", comm.MethodProtocols, `7`},
		{"protocols: numbers", comm.MethodProtocols, `{"protocols":[7]}`},
		{"protocols: none", comm.MethodProtocols, `{"protocols":[]}`},
		{"protocols: those that we lack", comm.MethodProtocols, `{"protocols":["evil.pay"]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newShop(t, &shop{}, time.Now, row.method, func(context.Context, comm.Conn, json.RawMessage, comm.Handler) (any, error) {
				return json.RawMessage(row.answer), nil
			})
			if err := step(p.session(t), row.method, t); err == nil {
				t.Error("it is taken for an answer")
			}
			if got := p.from.View(t, p.ticket).Status; got == "punched" {
				t.Errorf("the ticket is %s", got)
			}
		})
	}
}
