package client_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/controllertest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestAPaymentOfTwoInstruments(t *testing.T) {
	m := openMarket(t)
	who := &chooser{}
	got, err := m.PayTogether(t.Context(), m.purchase("lunch"), who)
	check(t, err)
	if got.Status != client.PaymentPaid || who.bills != 2 || got.Parts[0].Amount != amount(t, "CHF:4") || got.Parts[1].Amount != amount(t, "CHF:6") {
		t.Errorf("%+v", got)
	}
	if has := m.has(); has != "used used ready; 2 taken" || m.shopSays(got) != vendor.PaymentPaid {
		t.Errorf("%s, and the shop says %s", has, m.shopSays(got))
	}
	want := []string{"open paying waiting", "open paid waiting", "open paid paying", "open paid paid", "paid paid paid"}
	if !slices.Equal(who.shown, want) {
		t.Errorf("shown %q", who.shown)
	}

	// The same key again is the same payment; it is no key of another one.
	again, err := m.PayTogether(t.Context(), m.purchase("lunch"), &chooser{})
	if err != nil || again.Operation != got.Operation || m.has() != "used used ready; 2 taken" {
		t.Errorf("%+v, %v", again, err)
	}
	other := m.purchase("lunch")
	other.Amount = amount(t, "CHF:11")
	if _, err := m.PayTogether(t.Context(), other, &chooser{}); fault.ReasonOf(err) != "key-reused" {
		t.Errorf("another amount: %v", err)
	}
	if _, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: other.Operation, Amount: other.Amount, Instrument: m.green}, agreed); fault.ReasonOf(err) != "key-reused" {
		t.Errorf("alone under the key: %v", err)
	}
}

// Who does not agree to what it costs has paid nothing and shown nothing, and neither side has
// anything on record.
func TestWhoDoesNotAgreePaysNoPart(t *testing.T) {
	m := openMarket(t)
	got, err := m.PayTogether(t.Context(), m.purchase("k"), client.Nobody{})
	if fault.ReasonOf(err) != "not-agreed" || fault.KindOf(err) != fault.Declined || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("%s: %v", m.has(), err)
	}
	all, err := m.shop.AllPayments(t.Context())
	if err != nil || len(all) != 0 || got.Operation != "" {
		t.Errorf("the shop has %+v, %v; the wallet has %+v", all, err, got)
	}
}

// All that was asked belongs to the key: what was paid then must not look like what
// is asked now.
func TestAKeyIsOfAllThatWasAsked(t *testing.T) {
	m := openMarket(t)
	first := m.purchase("lunch")
	first.Invoice = instrument.Invoice{"product": "bread"}
	m.refuses.Store("red") // and green pays instead
	paid, err := m.PayTogether(t.Context(), first, &chooser{others: []instrument.ID{m.green}})
	check(t, err)
	has := m.has()
	elsewhere := controllertest.New(t, m.net, controllertest.Options{Role: comm.Vendor, Policy: profile.CustomerPolicy(), Bundles: []protocol.Bundle{controllertest.Tickets()}}).
		Listen(t, controllertest.Inspector{Price: amount(t, "CHF:3")})
	for _, row := range []struct {
		name   string
		change func(*client.Together)
		same   bool
	}{
		{"nothing else", func(*client.Together) {}, true},
		{"the rest, spelt out", func(p *client.Together) { p.Shares[1].Amount = amount(t, "CHF:6") }, true},
		{"another product", func(p *client.Together) { p.Invoice = instrument.Invoice{"product": "other"} }, false},
		{"no product", func(p *client.Together) { p.Invoice = nil }, false},
		{"one more item", func(p *client.Together) { p.Invoice = instrument.Invoice{"product": "bread", "size": "2"} }, false},
		{"another amount", func(p *client.Together) { p.Amount = amount(t, "CHF:11") }, false},
		{"other shares", func(p *client.Together) { p.Shares[0].Amount = amount(t, "CHF:5") }, false},
		{"another instrument", func(p *client.Together) { p.Shares[1].Instrument = m.green }, false},
		{"the instrument that paid instead", func(p *client.Together) { p.Shares[0].Instrument = m.green }, false},
		{"another order", func(p *client.Together) { p.Shares[0], p.Shares[1] = p.Shares[1], p.Shares[0] }, false},
		{"one share", func(p *client.Together) { p.Shares = p.Shares[1:] }, false},
		{"another vendor", func(p *client.Together) { p.Peer = elsewhere }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := first
			p.Shares = slices.Clone(first.Shares)
			row.change(&p)
			got, err := m.PayTogether(t.Context(), p, &chooser{})
			if row.same && (err != nil || got.Operation != paid.Operation) || !row.same && fault.ReasonOf(err) != "key-reused" {
				t.Errorf("%+v, %v", got, err)
			}
			if m.has() != has {
				t.Errorf("%s", m.has())
			}
		})
	}
}

// The key of a payment with one instrument is of that one alone.
func TestAKeyOfOneInstrumentIsNotOfSeveral(t *testing.T) {
	m := openMarket(t)
	_, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: m.operation(t, "lunch"), Amount: amount(t, "CHF:4"), Instrument: m.green}, agreed)
	check(t, err)
	has := m.has()
	if got, err := m.PayTogether(t.Context(), m.purchase("lunch"), &chooser{}); fault.ReasonOf(err) != "key-reused" || m.has() != has {
		t.Errorf("%s: %+v, %v", m.has(), got, err)
	}
}

// What can go wrong with a part, and what comes of the whole.
func TestPartsThatFail(t *testing.T) {
	for _, row := range []struct {
		name   string
		mood   func(*market)
		others func(*market) []instrument.ID
		status string
		reason fault.Reason
		has    string
		shop   string
	}{
		{"the first is declined", func(m *market) { m.refuses.Store("red") }, nil, client.PaymentAborted, "payment-aborted", "ready ready ready; 0 taken", vendor.PaymentOpen},
		{"the second is declined", func(m *market) { m.refuses.Store("blue") }, nil, client.PaymentRefunded, "payment-given-back", "ready ready ready; 0 taken", vendor.PaymentClosed},
		{
			"the second is declined, and another pays for it", func(m *market) { m.refuses.Store("blue") },
			func(m *market) []instrument.ID { return []instrument.ID{m.green} }, client.PaymentPaid, "", "used ready used; 2 taken", vendor.PaymentPaid,
		},
		{
			"the second is declined, and so is the other", func(m *market) { m.refuses.Store("blue") },
			func(m *market) []instrument.ID { return []instrument.ID{m.blue} }, client.PaymentRefunded, "payment-given-back", "ready ready ready; 0 taken", vendor.PaymentClosed,
		},
		{
			"the first is declined, and another pays for it", func(m *market) { m.refuses.Store("red") },
			func(m *market) []instrument.ID { return []instrument.ID{m.green} }, client.PaymentPaid, "", "ready used used; 2 taken", vendor.PaymentPaid,
		},
		{"nobody knows about the second", func(m *market) { m.unknown.Store("blue") }, nil, client.PaymentOpen, "pending", "used shown ready; 1 taken", vendor.PaymentOpen},
		{
			"the shop gives nothing back", func(m *market) { m.refuses.Store("blue"); m.keeps.Store(true) }, nil,
			client.PaymentRefunding, "pending", "used ready ready; 1 taken", vendor.PaymentClosed,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := openMarket(t)
			row.mood(m)
			who := &chooser{}
			if row.others != nil {
				who.others = row.others(m)
			}
			got, err := m.PayTogether(t.Context(), m.purchase("k"), who)
			if got.Status != row.status || fault.ReasonOf(err) != row.reason || (err == nil) != (row.reason == "") {
				t.Fatalf("it is %s: %v", got.Status, err)
			}
			if waits := slices.ContainsFunc(got.Parts, func(p client.WholePart) bool { return p.State == client.PartWaiting }); waits && got.Status != client.PaymentOpen {
				t.Errorf("%s, and something waits: %+v", got.Status, got.Parts)
			}
			if has, shop := m.has(), m.shopSays(got); has != row.has || shop != row.shop {
				t.Errorf("%s; the shop says %s", has, shop)
			}
			if row.reason == "" {
				return
			}

			// Resumed when all is well it is what it was decided to be, or is paid.
			m.refuses.Store("")
			m.unknown.Store("")
			m.keeps.Store(false)
			end := map[string]string{client.PaymentOpen: client.PaymentPaid, client.PaymentRefunding: client.PaymentRefunded}[row.status]
			if end == "" {
				end = row.status
			}
			again, err := m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
			if again.Status != end || (err == nil) != (end == client.PaymentPaid) {
				t.Errorf("resumed it is %s: %v", again.Status, err)
			}
			want := "ready ready ready; 0 taken"
			if end == client.PaymentPaid {
				want = "used used ready; 2 taken"
			}
			if has := m.has(); has != want {
				t.Errorf("then %s", has)
			}
		})
	}
}

// A part whose instrument another operation holds is not paid: that is known, and said. It is
// paid when that has ended, or what was paid before it comes back.
func TestAPartWhoseInstrumentIsInUse(t *testing.T) {
	for _, resumed := range []bool{true, false} {
		m := openMarket(t)
		holds := func(do func(instrument.Writer) error) { check(t, m.party.Store.UpdateInstruments(t.Context(), do)) }
		holds(func(w instrument.Writer) error { return w.Lease(m.blue, 1, "another") })
		got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
		f := fault.From(err)
		if got.Status != client.PaymentOpen || !errors.Is(err, fault.Unknown) || f.Reason != "pending" || !strings.Contains(f.Message, "is not paid yet: instrument") || !strings.Contains(f.Hint, "wallet refund "+string(got.Operation)) {
			t.Fatalf("it is %s: %v, %s", got.Status, err, f.Hint)
		}
		want, has := client.PaymentPaid, "used used ready; 2 taken"
		if resumed {
			holds(func(w instrument.Writer) error { return w.Release("another") })
			got, err = m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
		} else {
			want, has = client.PaymentRefunded, "ready ready ready; 0 taken"
			got, err = m.RefundPayment(t.Context(), string(got.Operation))
		}
		if err != nil || got.Status != want || m.has() != has {
			t.Errorf("then it is %s, %s: %v", got.Status, m.has(), err)
		}
	}
}

// A plugin that does not run may run at the next try: its part has not failed for good.
func TestAPartWhosePluginDoesNotRun(t *testing.T) {
	for _, row := range []struct {
		name string
		then func(m *market, got client.Whole) (client.Whole, error)
		want string
		has  string
	}{
		{"it is tried again", func(m *market, got client.Whole) (client.Whole, error) {
			return m.ResumePayment(t.Context(), string(got.Operation), client.Nobody{})
		}, client.PaymentPaid, "used used ready; 2 taken"},
		{"it comes back", func(m *market, got client.Whole) (client.Whole, error) {
			return m.RefundPayment(t.Context(), string(got.Operation))
		}, client.PaymentRefunded, "ready ready ready; 0 taken"},
		{"another one pays", func(m *market, got client.Whole) (client.Whole, error) {
			m.resting.Store("blue")
			return m.ResumePayment(t.Context(), string(got.Operation), &chooser{others: []instrument.ID{m.green}})
		}, client.PaymentPaid, "used ready used; 2 taken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := openMarket(t)
			m.resting.Store("blue")
			got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
			f := fault.From(err)
			if got.Status != client.PaymentOpen || !errors.Is(err, fault.Unknown) || !strings.HasPrefix(f.Hint, "look at its log; `wallet operation resume "+string(got.Operation)) {
				t.Fatalf("it is %s: %v, %s", got.Status, err, f.Hint)
			}
			m.resting.Store("")
			got, err = row.then(m, got)
			if err != nil || got.Status != row.want || m.has() != row.has {
				t.Errorf("then it is %s, %s: %v", got.Status, m.has(), err)
			}
		})
	}
}

// A shop's word that its plugin did not run gets it no second try: it may have taken the part.
func TestAPartWhosePluginDoesNotRunAtTheShop(t *testing.T) {
	m := openMarket(t)
	m.broken.Store("blue")
	got, err := m.PayTogether(t.Context(), m.purchase("k"), &chooser{})
	if got.Status != client.PaymentRefunded || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("it is %s, %s: %v", got.Status, m.has(), err)
	}
}

// The wallet ends at each point at which its record changes, in a payment that
// comes about and in one that does not. What its next life makes of it is one of
// the two ends, and nothing is lost.
func TestTheWalletDiesAtEachPointOfItsRecord(t *testing.T) {
	points := 0
	for _, declined := range []string{"", "blue"} {
		for n := int64(1); ; n++ {
			m := openMarket(t)
			m.refuses.Store(declined)
			m.dies.Store(n)
			if !m.dying(func() { _, _ = m.PayTogether(t.Context(), m.purchase("k"), &chooser{}) }) {
				break
			}
			points++
			m.dies.Store(0)
			check(t, m.ResumePayments(t.Context()))
			all, err := m.Payments(t.Context())
			check(t, err)
			status, shop := client.PaymentAborted, "nothing" // it died before there was a record
			if len(all) == 1 {
				status, shop = all[0].Status, m.shopSays(all[0])
			}
			want := map[string]string{
				client.PaymentPaid: "used used ready; 2 taken", client.PaymentRefunded: "ready ready ready; 0 taken", client.PaymentAborted: "ready ready ready; 0 taken",
			}[status]
			if has := m.has(); has != want || status == client.PaymentPaid != (shop == vendor.PaymentPaid) || len(all) == 1 && (status == client.PaymentPaid) != (declined == "") {
				t.Errorf("declined %q, point %d: it is %s, %s; the shop says %s", declined, n, status, has, shop)
			}
		}
	}
	t.Logf("%d points", points)
	if points < 24 {
		t.Errorf("there are only %d points", points)
	}
}

// dying runs f and reports whether it has ended as a process that is killed.
func (m *market) dying(f func()) (yes bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, yes = r.(died); !yes {
				panic(r)
			}
		}
	}()
	f()
	return false
}

func TestSharesMakeUpTheTotal(t *testing.T) {
	m := openMarket(t)
	for _, row := range []struct {
		name   string
		shares []client.Share
	}{
		{"two take the rest", []client.Share{{Instrument: m.red}, {Instrument: m.blue}}},
		{"nothing is left for the rest", []client.Share{{Instrument: m.red, Amount: amount(t, "CHF:10")}, {Instrument: m.blue}}},
		{"less than the total", []client.Share{{Instrument: m.red, Amount: amount(t, "CHF:1")}, {Instrument: m.blue, Amount: amount(t, "CHF:8")}}},
		{"more than the total", []client.Share{{Instrument: m.red, Amount: amount(t, "CHF:11")}, {Instrument: m.blue}}},
		{"other money", []client.Share{{Instrument: m.red, Amount: amount(t, "EUR:1")}, {Instrument: m.blue}}},
		{"one instrument twice", []client.Share{{Instrument: m.red, Amount: amount(t, "CHF:1")}, {Instrument: m.red}}},
		{"a part of nothing", []client.Share{{Instrument: m.red, Amount: amount(t, "CHF:0")}, {Instrument: m.blue}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := m.purchase("k")
			p.Shares = row.shares
			if _, err := m.PayTogether(t.Context(), p, &chooser{}); fault.ReasonOf(err) != "parts-malformed" {
				t.Errorf("error = %v", err)
			}
		})
	}
	if has := m.has(); has != "ready ready ready; 0 taken" {
		t.Error(has)
	}
}

// Whatever code there is, the class of the record has no way out of a decision and
// knows what each status means.
func TestTheRecordDecidesOnce(t *testing.T) {
	class := client.Payments().Classes[0]
	at := func(status string, parts ...string) *instrument.Instance {
		var list []map[string]any
		for _, s := range parts {
			list = append(list, map[string]any{"instrument": "i", "class": "red", "amount": "CHF:5", "price": "CHF:5", "state": s, "operation": "o"})
		}
		i := &instrument.Instance{Class: controller.ClassPayment, Status: status, Keys: map[string]string{"operation": "op"}}
		check(t, i.Encode(map[string]any{"operation": "op", "total": "CHF:10", "peer": map[string]string{"key": "k"}, "parts": list}))
		return i
	}
	for _, status := range []string{client.PaymentPaid, client.PaymentRefunded, client.PaymentAborted} {
		for _, to := range []string{client.PaymentOpen, client.PaymentPaid, client.PaymentRefunding, client.PaymentRefunded, client.PaymentAborted} {
			if class.Info().Allows(status, to) {
				t.Errorf("%s becomes %s", status, to)
			}
		}
	}
	for _, row := range []struct {
		name          string
		before, after *instrument.Instance
		good          bool
	}{
		{"begun", nil, at("open", "waiting", "waiting"), true},
		{"paid with a part that is not", at("open", "paid", "paying"), at("paid", "paid", "paying"), false},
		{"refunded with a part that is paid", at("refunding", "paid", "failed"), at("refunded", "paid", "failed"), false},
		{"aborted with a part that is paid", at("open", "paid", "waiting"), at("aborted", "paid", "waiting"), false},
		{"refunding with a part that may be paid", at("open", "paid", "paying"), at("refunding", "paid", "paying"), false},
		{"what was paid is paid again", at("open", "paid", "waiting"), at("open", "paying", "waiting"), false},
		{"what has failed is paid", at("refunding", "paid", "failed"), at("refunding", "paid", "paid"), false},
		{"one part less", at("open", "paid", "waiting"), at("open", "paid"), false},
		{"a part too many", nil, at("open", "waiting", "waiting", "waiting"), false},
		{"refunded with a part that was given up", at("refunding", "refunded", "paid"), at("refunded", "refunded", "forgone"), false},
		{"all paid", at("open", "paid", "paid"), at("paid", "paid", "paid"), true},
		{"given back", at("refunding", "refunded", "failed"), at("refunded", "refunded", "failed"), true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := class.Check(row.before, row.after); (err == nil) != row.good {
				t.Errorf("error = %v", err)
			}
		})
	}
}
