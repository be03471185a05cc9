package card_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A bank confirms a withdrawal by what a provider says of one payment. What it says of another one
// is no answer, nor is one that is taken for none: then nobody would look for the money.
func TestAnAnswerAboutAnotherPaymentIsNone(t *testing.T) {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one := `{"id":"pay-2","state":"paid","amount":"CHF:20","refunded":"CHF:0","reference":"W2"}`
		if r.URL.Query().Has("reference") {
			one = `{"payments":[` + one + `]}`
		}
		_, _ = w.Write([]byte(one))
	}))
	t.Cleanup(provider.Close)
	bank := newNode(t, comm.Bank, time.Now)
	at := providerAt(provider.URL)
	at.Owner = "bank"
	sim := bank.Create(t, at)[0]
	ask := func(operation, name, value string) error {
		_, err := alone(t, bank, operation, "card-provider", sim, map[string]string{name: value})
		return err
	}
	for _, own := range []error{ask("VERIFY", "transaction", "pay-2"), ask("SEARCH", "reference", "W2")} {
		if own != nil {
			t.Error(own)
		}
	}
	wantFault(t, ask("VERIFY", "transaction", "pay-1"), fault.Unavailable, "answer-malformed")
	wantFault(t, ask("SEARCH", "reference", "W1"), fault.Unavailable, "answer-malformed")
	for _, none := range []string{".", "..", "", strings.Repeat("W", 257)} {
		wantFault(t, ask("VERIFY", "transaction", none), fault.NotFound, "transaction-unknown")
		if strings.Trim(none, ".") == none {
			wantFault(t, ask("SEARCH", "reference", none), fault.Invalid, "reference-malformed")
		}
	}
}

// A refund is of a payment, at a provider: without one of them there is nothing to ask for.
func TestARefundNamesProviderAndPayment(t *testing.T) {
	s, paid := paidShop(t)
	for _, on := range [][]instrument.ID{{s.provider}, {s.provider, paid, paid}} {
		_, err := s.Servicer.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "card.pay", Call: protocol.Call{
			Operation: protocol.Refund, Class: "card-payment", Instruments: on, Args: []byte(`{"payment":"x"}`),
		}})
		wantFault(t, err, fault.Invalid, "instrument-missing")
	}
}
