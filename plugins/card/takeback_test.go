package card_test

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

const (
	paysFirst instrument.OperationID = "000000000000000000000000000000b1"
	paysNext  instrument.OperationID = "000000000000000000000000000000b2"
)

// A vendor's word that a payment came back is of that payment, and of no more than it was: it
// says nothing of what else the card has paid, here or elsewhere.
func TestAWalletDoesNotBelieveAnotherRefund(t *testing.T) {
	for name, row := range map[string]struct {
		forge  func(map[string]any)
		reason fault.Reason
	}{
		"the truth":            {func(map[string]any) {}, ""},
		"another payment":      {func(m map[string]any) { m["payment"] = string(paysFirst) }, "receipt-differs"},
		"no payment":           {func(m map[string]any) { delete(m, "payment") }, "receipt-differs"},
		"another reference":    {func(m map[string]any) { m["reference"] = "W1" }, "refund-differs"},
		"more than was paid":   {func(m map[string]any) { m["refunded"] = "CHF:20.01" }, "refund-differs"},
		"in another currency":  {func(m map[string]any) { m["refunded"] = "EUR:20" }, "refund-differs"},
		"a part of what it is": {func(m map[string]any) { m["refunded"] = "CHF:5" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			for op, reference := range map[instrument.OperationID]string{paysFirst: "W1", paysNext: "W2"} {
				if _, err := s.ExecuteAs(t.Context(), op, "card.pay", s.payment(reference, "CHF:20")); err != nil {
					t.Fatal(err)
				}
			}
			paid, err := s.Servicer.Instruments.Find(t.Context(), "card-payment", "reference", "W2")
			if err != nil {
				t.Fatal(err)
			}
			s.Prepare(func(r protocol.Execution) protocol.Execution {
				r.Call.Instruments = []instrument.ID{s.provider, paid}
				return r
			})
			s.Wire.OnFrame(func(f protocoltest.Frame) protocoltest.Fate {
				if f.Executed != nil && f.Executed.Fault == nil {
					var m map[string]any
					if err := json.Unmarshal(f.Executed.Result, &m); err != nil {
						t.Error(err)
					}
					row.forge(m)
					f.Executed.Result, _ = json.Marshal(m)
				}
				return protocoltest.Deliver
			})
			args, _ := json.Marshal(map[string]any{"payment": paysNext})
			_, err = s.Execute(t.Context(), "card.pay", protocol.Call{
				Operation: protocol.Refund, Class: "payment-card", Instruments: []instrument.ID{s.card}, Args: args,
			})
			if fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Errorf("got %v", err)
			}
			var h struct {
				Receipts []struct {
					Reference string
					Refunded  instrument.Amount
				}
			}
			if err := s.Initiator.View(t, s.card).Decode(&h); err != nil {
				t.Fatal(err)
			}
			for _, r := range h.Receipts {
				if is := r.Refunded != (instrument.Amount{}); is != (r.Reference == "W2" && row.reason == "") {
					t.Errorf("of %s %s came back", r.Reference, r.Refunded)
				}
			}
		})
	}
}

// A card that was removed from its wallet since is paid by the provider all the same: the
// wallet hears that it is, and the card stays removed.
func TestWhatARemovedCardHasPaidComesBack(t *testing.T) {
	s := openShop(t)
	if _, err := s.ExecuteAs(t.Context(), paysFirst, "card.pay", s.payment("W1", "CHF:20")); err != nil {
		t.Fatal(err)
	}
	err := s.Initiator.Instruments.Update(t.Context(), func(tx *instrument.Draft) error {
		i, err := tx.Get(s.card)
		if err != nil {
			return err
		}
		i.Status = "removed"
		return tx.Put(i)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.refunds(t)
	args, _ := json.Marshal(map[string]any{"payment": paysFirst})
	got, err := s.Execute(t.Context(), "card.pay", protocol.Call{
		Operation: protocol.Refund, Class: "payment-card", Instruments: []instrument.ID{s.card}, Args: args,
	})
	if err != nil || got.Amount.String() != "CHF:20" {
		t.Errorf("%s came back: %v", got.Amount, err)
	}
	if is := s.Initiator.View(t, s.card).Status; is != "removed" {
		t.Errorf("the card is %s", is)
	}
}
