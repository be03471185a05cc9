package client_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// A beginning that several payments have names none of them: the wrong one would come back, or
// be given up.
func TestABeginningOfSeveralPaymentsNamesNone(t *testing.T) {
	m := openMarket(t)
	for _, last := range []string{"1", "2"} {
		op := "abcdef0123456789abcdef012345678" + last
		m.party.Create(t, instrument.Instance{
			Class: controller.ClassPayment, Status: client.PaymentOpen, Keys: map[string]string{"operation": op},
			State: json.RawMessage(fmt.Sprintf(`{"operation":%q,"total":"CHF:5","peer":{"role":"vendor"},"begun":"2026-01-01T00:00:00Z",
				"parts":[{"instrument":%q,"class":"red","amount":"CHF:5","price":"CHF:5","state":"waiting","choice":0,"tries":0}]}`, op, m.red)),
		})
	}
	for name, does := range map[string]func(string) (client.Whole, error){
		"found":     func(name string) (client.Whole, error) { return m.FindPayment(t.Context(), name) },
		"abandoned": func(name string) (client.Whole, error) { return m.AbandonPayment(t.Context(), name) },
		"forgone":   func(name string) (client.Whole, error) { return m.ForgoPayment(t.Context(), name) },
	} {
		if _, err := does("ABCDEF0123"); fault.ReasonOf(err) != client.ReasonAmbiguous || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := m.FindPayment(t.Context(), "abcdef0123456789abcdef0123456782")
	check(t, err)
	if got.Status != client.PaymentOpen {
		t.Errorf("one by its whole name: %+v", got)
	}
	if _, err := m.FindPayment(t.Context(), "abcdef"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("one by too little: %v", err)
	}
}
