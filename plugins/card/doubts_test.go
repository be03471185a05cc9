package card

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// A refund that an earlier operation has asked for may have been given. That it cannot be asked
// for now says nothing of that: taken for one that never was, it would be given twice, under
// another name.
func TestARefundAskedForBeforeMayHaveBeenGiven(t *testing.T) {
	away := unreachable(fault.New(fault.Unavailable, "nobody is there"))
	for _, row := range []struct {
		name    string
		state   string
		failure error
		before  bool
		made    bool
		kind    fault.Kind
	}{
		{"given", protocol.FactPaid, nil, false, true, 0},
		{"given before", protocol.FactPaid, nil, true, true, 0},
		{"refused", "", notRefunded(409), false, false, fault.Declined},
		{"refused, by who would know of the first", "", notRefunded(409), true, false, fault.Declined},
		{"not connected", "", away, false, false, fault.Unavailable},
		{"not connected, and asked for before", "", away, true, false, fault.Unknown},
		{"not let out, and asked for before", "", fault.New(fault.Denied, "no"), true, false, fault.Unknown},
		{"no answer", "", fault.New(fault.Unavailable, "its answer is none"), false, false, fault.Unknown},
		{"not decided", protocol.FactPending, nil, false, false, fault.Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			made, refusal := refundOutcome(row.state, row.failure, row.before)
			if made != row.made || (refusal == nil) != (row.kind == 0) || refusal != nil && fault.KindOf(refusal) != row.kind {
				t.Errorf("made %t, %v", made, refusal)
			}
		})
	}
}

// What a status says of a charge: taken for refused, a card would be charged once more.
func TestWhatAStatusSaysOfACharge(t *testing.T) {
	for status, kind := range map[int]fault.Kind{
		102: fault.Unknown, 302: fault.Unknown, 400: fault.Declined, 402: fault.Declined, 408: fault.Unknown,
		409: fault.Declined, 429: fault.Unknown, 500: fault.Unknown, 502: fault.Unknown, 504: fault.Unknown,
	} {
		if _, err := readCharge(protocol.Response{Status: status}); fault.KindOf(err) != kind {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// An authorisation is for one reference, amount, merchant and payer, and passed on for no other.
func TestAnAuthorisationIsForOneOffer(t *testing.T) {
	s := state{Account: "a1", Brand: "Card", Last4: "4242", Key: masked.Text(base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))), Counter: 1}
	o := order{Reference: "W1", Amount: sum("CHF:20"), Merchant: "Kiosk", payer: "customer"}
	m, err := s.authorise(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := allows(m, o); err != nil {
		t.Errorf("its own offer: %v", err)
	}
	for name, other := range map[string]order{
		"reference": {Reference: "W2", Amount: o.Amount, Merchant: o.Merchant, payer: o.payer},
		"amount":    {Reference: o.Reference, Amount: sum("CHF:21"), Merchant: o.Merchant, payer: o.payer},
		"merchant":  {Reference: o.Reference, Amount: o.Amount, Merchant: "Shop", payer: o.payer},
		"payer":     {Reference: o.Reference, Amount: o.Amount, Merchant: o.Merchant, payer: "other"},
		"no payer":  {Reference: o.Reference, Amount: o.Amount, Merchant: o.Merchant},
	} {
		if err := allows(m, other); fault.ReasonOf(err) != "authorisation-differs" {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

// A provider's answer counts for the refund that was ordered, and for no other.
func TestAnAnswerIsForTheRefundThatWasOrdered(t *testing.T) {
	r := repayment{Transaction: "t", Amount: sum("CHF:20"), ExternalID: "mine"}
	own := protocol.Repaid{ID: "r", ExternalID: "mine", Amount: r.Amount, State: protocol.FactPaid}
	if _, err := r.repaid(own); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*protocol.Repaid){
		"another name":   func(p *protocol.Repaid) { p.ExternalID = "theirs" },
		"another amount": func(p *protocol.Repaid) { p.Amount = sum("CHF:1") },
		"no id":          func(p *protocol.Repaid) { p.ID = "" },
		"no state":       func(p *protocol.Repaid) { p.State = "given" },
	} {
		got := own
		change(&got)
		if _, err := r.repaid(got); fault.ReasonOf(err) != reasonAnswerMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A charge that may be on its way is its first payer's and at its first provider, whoever tries
// again and where: what comes of it is answered to nobody else, and asked for there.
func TestAChargeOnItsWayStaysItsPayers(t *testing.T) {
	old := payment{Reference: "W1", Amount: sum("CHF:20"), Provider: "p", State: pending, Payer: "wallet"}
	o := order{Token: "approved", Reference: "W1", Amount: old.Amount, Merchant: "Kiosk", provider: "p"}
	if p, err := begun(&old, o, noon); err != nil || p.Payer != "wallet" { // the vendor itself asks
		t.Errorf("%+v, %v", p, err)
	}
	o.payer = "another"
	if _, err := begun(&old, o, noon); fault.ReasonOf(err) != "reference-reused" {
		t.Errorf("another payer: %v", err)
	}
	o.payer, o.provider = "wallet", "q"
	if p, err := begun(&old, o, noon); err != nil || p.Provider != "p" {
		t.Errorf("at another provider: %+v, %v", p, err)
	}
}

// A payment on record keeps what it is of.
func TestAPaymentBecomesNoOther(t *testing.T) {
	kept := func(reference, amount string) *instrument.Instance {
		text, _ := json.Marshal(map[string]any{"reference": reference, "amount": amount, "state": paid, "refunded": "CHF:0"})
		return &instrument.Instance{Class: paymentID, Status: paid, State: text}
	}
	if err := checkPayment(kept("W1", "CHF:20"), kept("W1", "CHF:20")); err != nil {
		t.Error(err)
	}
	for _, other := range []*instrument.Instance{kept("W2", "CHF:20"), kept("W1", "CHF:21")} {
		if err := checkPayment(kept("W1", "CHF:20"), other); fault.ReasonOf(err) != "payment-changed" {
			t.Errorf("%s: %v", other.State, err)
		}
	}
}

// Nor does it forget what has come back of it: then that could be given back once more.
func TestAPaymentForgetsNoRefund(t *testing.T) {
	kept := func(members string) *instrument.Instance {
		return &instrument.Instance{Class: paymentID, Status: paid, State: json.RawMessage(`{"reference":"W1","amount":"CHF:20","state":"paid"` + members + `}`)}
	}
	back := kept(`,"refunded":"CHF:5","refunds":[{"operation":"r","amount":"CHF:5"}]`)
	going := func(by, amount string) *instrument.Instance {
		i := kept(`,"refunded":"CHF:5","refunds":[{"operation":"r","amount":"CHF:5"}],"returning":{"operation":"` + by + `","amount":"` + amount + `"}`)
		i.Status, i.State = refunding, bytes.Replace(i.State, []byte(`"paid"`), []byte(`"refunding"`), 1)
		return i
	}
	other := kept("")
	other.Status = declined
	idle := going("s", "CHF:1")
	idle.Status, idle.State = paid, bytes.Replace(idle.State, []byte(`"refunding"`), []byte(`"paid"`), 1)
	for name, row := range map[string]struct {
		before, after *instrument.Instance
		reason        fault.Reason
	}{
		"another status than it says":         {nil, other, "payment-malformed"},
		"on its way, and not refunding":       {back, idle, "payment-malformed"},
		"as it is":                            {back, back, ""},
		"of a time before refunds":            {kept(""), kept(""), ""},
		"of then, and what came back is kept": {kept(""), kept(`,"refunded":"CHF:0"`), ""},
		"all members gone":                    {back, kept(""), "refund-too-large"},
		"nothing came back":                   {back, kept(`,"refunded":"CHF:0"`), "refund-repeated"},
		"what is left, on its way":            {back, going("s", "CHF:15"), ""},
		"more on its way than is left":        {back, going("s", "CHF:16"), "refund-too-large"},
		"on its way by one that was before":   {back, going("r", "CHF:1"), "refund-too-large"},
		"the sum alone gone":                  {back, kept(`,"refunds":[{"operation":"r","amount":"CHF:5"}]`), "refund-too-large"},
	} {
		if err := checkPayment(row.before, row.after); fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Brand and last digits stand on the vendor's receipts and screens, and a stranger's wallet says
// them: nothing that moves a cursor, turns the text or fills the roll.
func TestWhatACardIsCalledIsFitToBeShown(t *testing.T) {
	s := state{Account: "a1", Brand: "Card", Last4: "4242", Key: masked.Text(base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))), Counter: 1}
	o := order{Reference: "W1", Amount: sum("CHF:20"), Merchant: "Kiosk", payer: "customer"}
	m, err := s.authorise(o)
	if err != nil {
		t.Fatal(err)
	}
	for called, fit := range map[[2]string]bool{
		{"Card", "4242"}: true, {"", ""}: true, {"Carte d'Été", "4242"}: true, {strings.Repeat("x", maxBrand), "4242"}: true,
		{strings.Repeat("x", maxBrand+1), "4242"}: false, {"Card", "42424"}: false,
		{"Card\x1b[2J", "4242"}: false, {"Card\n", "4242"}: false, {"Card", "4\r42"}: false, {"\u202edraC", "4242"}: false, {"Card\xff", "4242"}: false,
	} {
		m.Brand, m.Last4 = called[0], called[1]
		if err := allows(m, o); (err == nil) != fit || !fit && fault.ReasonOf(err) != "card-malformed" {
			t.Errorf("%q: %v", called, err)
		}
	}
}

// Nothing is said of money by an answer of wallee that is no list, or no refund: read as an empty
// list, it would say that nobody has paid.
func TestWhatIsNoListOfWallee(t *testing.T) {
	for _, body := range []string{"null", "{}", "<html>", "", `[null]`, `[{"id":0}]`} {
		if got, err := readTransactions([]byte(body), "W1"); fault.ReasonOf(err) != reasonAnswerMalformed {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	if name, got, err := readWalleeRefund([]byte(`{"id":4711,"state":"SUCCESSFUL","externalId":"x","amount":1}`), 7, "CHF"); name != 4711 || got.ID != "4711" || err != nil {
		t.Errorf("a refund: %d, %+v, %v", name, got, err)
	}
	for _, body := range []string{"null", "[]", `{"state":"SUCCESSFUL","externalId":"x","amount":1}`, `{"id":-1,"state":"SUCCESSFUL","externalId":"x","amount":1}`} {
		if _, got, err := readWalleeRefund([]byte(body), 7, "CHF"); fault.ReasonOf(err) != reasonAnswerMalformed {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

// A payment of a time before there were refunds is given back as well.
func TestAnOldPaymentComesBack(t *testing.T) {
	p := payment{Amount: sum("CHF:20"), State: paid}
	if done, err := p.intendRefund("r", sum("CHF:5")); done || err != nil || p.Returning == nil || p.Returning.Amount != sum("CHF:5") {
		t.Errorf("%v, %v: %+v", done, err, p)
	}
	p = payment{Amount: sum("CHF:20"), State: paid, Returned: sdk.Returned{Refunded: sum("CHF:5"), Refunds: []sdk.Refund{{Operation: "r", Amount: sum("CHF:5")}}}}
	if done, err := p.intendRefund("r", sum("CHF:5")); !done || err != nil || p.State != paid || p.Returning != nil {
		t.Errorf("by the same operation once more: %v, %v: %+v", done, err, p)
	}
}

// The outcome of one payment says nothing of another, which may be under way.
func TestAnOutcomeIsOfItsPayment(t *testing.T) {
	var s state
	s.intend("W1", "shop", sum("CHF:1"), noon)
	for _, other := range [][2]string{{"W2", "shop"}, {"W1", "bar"}} {
		if s.resolve(other[0], other[1]); s.Pending == nil {
			t.Fatalf("%v ended it", other)
		}
	}
	if s.resolve("W1", "shop"); s.Pending != nil {
		t.Errorf("it is open still: %+v", s.Pending)
	}
}
