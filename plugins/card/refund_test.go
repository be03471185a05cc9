package card_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// refund is what the provider does with one: each external id once, and all
// together no more than was paid.
func (b *books) refund(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuses != nil && b.refuses(w) {
		return
	}
	var in struct {
		Amount     instrument.Amount
		ExternalID string `json:"external_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, p := range b.payments {
		if p.ID != r.PathValue("id") {
			continue
		}
		if _, again := b.refunds[in.ExternalID]; !again {
			sum, err := p.Refunded.Add(in.Amount)
			if c, differs := sum.Cmp(p.Amount); err != nil || differs != nil || c > 0 || p.State != "paid" {
				w.WriteHeader(http.StatusConflict)
				return
			}
			if b.refunds == nil {
				b.refunds = map[string]instrument.Amount{}
			}
			p.Refunded, b.refunds[in.ExternalID] = sum, in.Amount
		}
		if b.forgets != nil && b.forgets(w) {
			return
		}
		answer(w, map[string]any{"id": "ref-" + in.ExternalID, "external_id": in.ExternalID, "state": "paid", "amount": in.Amount})
		return
	}
	http.NotFound(w, r)
}

// answers lets the provider answer refunds otherwise; nil for the truth.
func (b *books) answers(before, after func(http.ResponseWriter) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuses, b.forgets = before, after
}

func status(code int) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool { w.WriteHeader(code); return true }
}

// returned is how much of the only payment the provider has given back.
func (b *books) returned() instrument.Amount {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.payments[0].Refunded
}

func (b *books) refundsMade() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.refunds)
}

// paidShop is a shop that was paid CHF 20 by the wallet's card.
func paidShop(t *testing.T) (s *shop, paid instrument.ID) {
	s = openShop(t)
	if _, err := s.pay("W1", "CHF:20"); err != nil {
		t.Fatal(err)
	}
	return s, s.refunds(t)
}

// refunds has the shop give back what was paid as W1 from now on.
func (s *shop) refunds(t *testing.T) (paid instrument.ID) {
	t.Helper()
	paid, err := s.Servicer.Instruments.Find(t.Context(), "card-payment", "reference", "W1")
	if err != nil {
		t.Fatal(err)
	}
	s.Prepare(func(r protocol.Execution) protocol.Execution {
		r.Call.Instruments = []instrument.ID{s.provider, paid}
		return r
	})
	return paid
}

func (s *shop) refund(op instrument.OperationID, amount string) (protocol.Result, error) {
	args := map[string]string{"payment": "the payment"}
	if amount != "" {
		args["amount"] = amount
	}
	text, _ := json.Marshal(args)
	return s.ExecuteAs(s.t.Context(), op, "card.pay", protocol.Call{
		Operation: protocol.Refund, Class: "payment-card", Instruments: []instrument.ID{s.card}, Args: text,
	})
}

func (s *shop) statusOf(id instrument.ID) string {
	s.t.Helper()
	i, err := s.Servicer.Instruments.View(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return i.Status
}

const once = instrument.OperationID("000000000000000000000000000000aa")

func TestACardGetsBackWhatItPaid(t *testing.T) {
	s, paid := paidShop(t)
	for _, op := range []instrument.OperationID{once, once, ""} { // again, and as another operation
		got, err := s.refund(op, "")
		if err != nil || got.Amount != amount("CHF:20") {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if s.books.returned() != amount("CHF:20") || s.books.refundsMade() != 1 || s.statusOf(paid) != "refunded" {
		t.Errorf("%s in %d refunds; the payment is %s", s.books.returned(), s.books.refundsMade(), s.statusOf(paid))
	}
	_, err := s.pay("W1", "CHF:20")
	if err == nil || s.books.paid("W1") != 1 {
		t.Errorf("a reference that was refunded was charged again: %v", err)
	}
}

func TestPartsOfACardPaymentComeBack(t *testing.T) {
	s, paid := paidShop(t)
	for n, row := range []struct {
		amount, status, sum string
		reason              fault.Reason
	}{
		{"CHF:5", "paid", "CHF:5", ""},
		{"CHF:15.01", "paid", "CHF:5", "refund-too-large"},
		{"EUR:1", "paid", "CHF:5", "refund-too-large"},
		{"", "refunded", "CHF:20", ""},
		{"CHF:0.01", "refunded", "CHF:20", "refund-too-large"},
	} {
		_, err := s.refund("", row.amount)
		if fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") || s.statusOf(paid) != row.status || s.books.returned() != amount(row.sum) {
			t.Errorf("%d: %v; the payment is %s, %s came back", n, err, s.statusOf(paid), s.books.returned())
		}
	}
}

// What the provider says, or does not say, of a refund: what the payment is then,
// and after asking again when the provider is well.
func TestWhatBecomesOfARefund(t *testing.T) {
	for _, row := range []struct {
		name          string
		before, after func(http.ResponseWriter) bool
		status        string
		kind          fault.Kind
	}{
		{"refused", status(http.StatusConflict), nil, "paid", fault.Declined},
		{"not heard of the outcome, and nothing was made", status(http.StatusBadGateway), nil, "refunding", fault.Unknown},
		{"not heard of the outcome, and it was made", nil, status(http.StatusBadGateway), "refunding", fault.Unknown},
		{"hung up after it was made", nil, func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) }, "refunding", fault.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, paid := paidShop(t)
			s.books.answers(row.before, row.after)
			if _, err := s.refund("", ""); fault.KindOf(err) != row.kind || s.statusOf(paid) != row.status {
				t.Fatalf("%v; the payment is %s", err, s.statusOf(paid))
			}
			s.books.answers(nil, nil)
			if got, err := s.refund("", ""); err != nil || got.Amount != amount("CHF:20") {
				t.Fatalf("again: %+v, %v", got, err)
			}
			if s.books.returned() != amount("CHF:20") || s.books.refundsMade() != 1 {
				t.Errorf("%s in %d refunds", s.books.returned(), s.books.refundsMade())
			}
		})
	}
}

// The vendor's own REFUND needs no wallet.
func TestAVendorGivesBackByItself(t *testing.T) {
	s, paid := paidShop(t)
	got, err := s.Servicer.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "card.pay", Call: protocol.Call{
		Operation: protocol.Refund, Class: "card-payment", Instruments: []instrument.ID{s.provider, paid}, Args: json.RawMessage(`{"payment":"the payment"}`),
	}})
	if err != nil || got.Amount != amount("CHF:20") || s.statusOf(paid) != "refunded" {
		t.Errorf("%+v, %v", got, err)
	}
}

// walleeVendor is a vendor at wallee that was paid CHF 21 there.
type walleeVendor struct {
	*testing.T
	*office
	node           *protocoltest.Node
	provider, paid instrument.ID
}

func openWalleeVendor(t *testing.T) *walleeVendor {
	v := &walleeVendor{T: t, office: openOffice(t), node: newNode(t, comm.Vendor, time.Now)}
	v.put(7, "FULFILL", "payment:W", `{"completedAmount":21}`)
	at := walleeAt(v.URL+"/api/", nil)
	at.Owner = "vendor"
	v.provider = v.node.Create(t, at)[0]
	i := instrument.Instance{Class: "card-payment", Owner: "vendor", Keys: map[string]string{"reference": "payment:W"}}
	state := map[string]any{"reference": "payment:W", "amount": "CHF:21", "merchant": "Kiosk 7", "provider": v.provider, "refunded": "CHF:0", "transaction": "7"}
	for _, status := range []string{"pending", "paid"} {
		i.Status, state["state"] = status, status
		if err := i.Encode(state); err != nil {
			t.Fatal(err)
		}
		err := v.node.Instruments.Update(t.Context(), func(tx *instrument.Draft) (err error) {
			if status == "paid" {
				_, err = tx.Get(i.ID)
				return errors.Join(err, tx.Put(i))
			}
			i.ID, err = tx.Create(i)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		i = v.node.View(t, i.ID)
	}
	v.paid = i.ID
	return v
}

func (v *walleeVendor) giveBack() (protocol.Result, error) {
	return v.node.Protocols.Execute(v.Context(), protocol.Execution{Protocol: "card.pay", Call: protocol.Call{
		Operation: protocol.Refund, Class: "card-payment", Instruments: []instrument.ID{v.provider, v.paid}, Args: json.RawMessage(`{"payment":"the payment"}`),
	}})
}

// What wallee says, or does not say, of a vendor's refund: what the payment is
// then, and after wallee is well again. It is made once.
func TestAVendorAtWalleeGivesBack(t *testing.T) {
	refuse := func(code int) func(*walleeVendor) {
		return func(v *walleeVendor) {
			v.misbehave(func(w http.ResponseWriter, _ string) bool { w.WriteHeader(code); return true })
		}
	}
	for _, row := range []struct {
		name   string
		mood   func(*walleeVendor)
		status string
		kind   fault.Kind
	}{
		{"made", func(*walleeVendor) {}, "refunded", 0},
		{"refused", refuse(442), "paid", fault.Declined},
		{"it does not know who asks", refuse(401), "paid", fault.Denied},
		{"a failure", refuse(502), "refunding", fault.Unknown},
		{"a conflict of its own", refuse(409), "refunding", fault.Unknown},
		{"on its way", func(v *walleeVendor) { v.refundState = "PENDING" }, "refunding", fault.Unknown},
		{"made, and then not shown", func(v *walleeVendor) {
			v.refundState = "PENDING"
			v.misbehave(func(w http.ResponseWriter, path string) bool {
				if path != "/api/refund/read" {
					return false
				}
				w.WriteHeader(http.StatusUnauthorized)
				return true
			})
		}, "refunding", fault.Unknown},
		{"failed", func(v *walleeVendor) { v.refundState = "FAILED" }, "paid", fault.Declined},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := openWalleeVendor(t)
			row.mood(v)
			if _, err := v.giveBack(); fault.KindOf(err) != row.kind || v.node.View(t, v.paid).Status != row.status {
				t.Fatalf("%v; the payment is %s", err, v.node.View(t, v.paid).Status)
			}
			v.misbehave(nil)
			v.mu.Lock()
			v.refundState = "SUCCESSFUL"
			for _, r := range v.refunds {
				if r["state"] == "PENDING" {
					r["state"] = "SUCCESSFUL"
				}
			}
			v.mu.Unlock()
			got, err := v.giveBack()
			if err != nil || got.Amount != amount("CHF:21") || v.node.View(t, v.paid).Status != "refunded" {
				t.Fatalf("again: %+v, %v; the payment is %s", got, err, v.node.View(t, v.paid).Status)
			}
			made := 0
			for _, r := range v.refunds {
				if r["state"] == "SUCCESSFUL" {
					made++
				}
			}
			if made != 1 {
				t.Errorf("%d refunds were made", made)
			}
		})
	}
}

// A provider that cannot be connected to has given nothing back, and says so.
func TestAProviderThatIsAwayGivesNothingBack(t *testing.T) {
	v := openWalleeVendor(t)
	v.Close()
	if _, err := v.giveBack(); fault.KindOf(err) != fault.Unavailable || v.node.View(t, v.paid).Status != "paid" {
		t.Errorf("%v; the payment is %s", err, v.node.View(t, v.paid).Status)
	}
}

// A vendor's refund in parts: each says what it has given, also when it is asked for again.
func TestARefundSaysWhatItGave(t *testing.T) {
	s, paid := paidShop(t)
	for _, row := range []struct{ op, asked, given, all string }{
		{"01", `"CHF:5"`, "CHF:5", "CHF:5"}, {"01", `"CHF:5"`, "CHF:5", "CHF:5"}, {"02", `"CHF:3"`, "CHF:3", "CHF:8"}, {"03", "null", "CHF:12", "CHF:20"}, {"04", "null", "CHF:20", "CHF:20"},
	} {
		got, err := s.Servicer.Protocols.Execute(t.Context(), protocol.Execution{Protocol: "card.pay", ID: instrument.OperationID(strings.Repeat("0", 30) + row.op), Call: protocol.Call{
			Operation: protocol.Refund, Class: "card-payment", Instruments: []instrument.ID{s.provider, paid}, Args: json.RawMessage(`{"payment":"the payment","amount":` + row.asked + `}`),
		}})
		if err != nil || got.Amount != amount(row.given) || !strings.Contains(string(got.Value), `"refunded":"`+row.all+`"`) {
			t.Errorf("%s: %s %s, %v", row.op, got.Amount, got.Value, err)
		}
	}
}
