package vendor

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// A withdrawal that waits for its own wallet is paid at no reader, whatever offer is shown there:
// a wallet has nothing to prove at a reader.
func TestAReaderTakesNoPaymentOfAWalletsSale(t *testing.T) {
	s := &sale{done: make(chan error, 1)}
	till := &Terminal{selling: map[string]*sale{s.w.Reference(): s}}
	body, err := json.Marshal(instrument.OfferBody{Class: ClassCard, Invoice: instrument.Invoice{controller.InvoiceReference: s.w.Reference()}})
	if err != nil {
		t.Fatal(err)
	}
	x := controller.Transaction{Class: ClassCard, Operation: protocol.Pay}
	e := comm.Execute{Call: comm.Call{Offer: &comm.Offer{Body: body}}}
	if err := (reading{servicing{till}}).Prepare(t.Context(), controller.Caller{}, e, &x); fault.ReasonOf(err) != ReasonNothingToPay {
		t.Errorf("error = %v", err)
	}
}

// What has paid a part stays what has paid it.
func TestAPaidPartKeepsItsOperation(t *testing.T) {
	kept := func(status string, by instrument.OperationID) *instrument.Instance {
		w := whole{Payer: "k", Name: "lunch", Total: instrument.Amount{Currency: "CHF", Value: 5}}
		w.Parts = []share{{Name: "1.0", Class: "red", Amount: w.Total, Operations: []instrument.OperationID{"one", "two"}, Paid: by}}
		i := &instrument.Instance{Class: controller.ClassPayment, Status: status, Keys: map[string]string{keyPayment: w.key()}}
		if err := i.Encode(w); err != nil {
			t.Fatal(err)
		}
		return i
	}
	if err := checkWhole(kept(PaymentOpen, ""), kept(PaymentPaid, "one")); err != nil {
		t.Error(err)
	}
	for _, other := range []instrument.OperationID{"two", ""} {
		if err := checkWhole(kept(PaymentOpen, "one"), kept(PaymentOpen, other)); fault.ReasonOf(err) != "payment-changed" {
			t.Errorf("paid by %q then: %v", other, err)
		}
	}
}
