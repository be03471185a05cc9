package client_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// kept are vouchers that never come back.
func kept(b protocol.Bundle) protocol.Bundle {
	spend := b.Protocols[0].(sdk.Simple)
	spend.GiveBack = nil
	b.Protocols = []protocol.Protocol{spend}
	return b
}

// twoWays are vouchers of two protocols: one that gives nothing back, and the one by
// which any amount is paid.
func twoWays(b protocol.Bundle) protocol.Bundle {
	spend := b.Protocols[0].(sdk.Simple)
	keeps := kept(b).Protocols[0].(sdk.Simple)
	keeps.Name = "pink.keep"
	b.Protocols = []protocol.Protocol{keeps, spend}
	class := b.Classes[0].(sdk.Class)
	class.Choose = func(names []string, c instrument.Circumstances) (string, error) {
		if len(c.Preferences) == 0 && !c.Amount.IsZero() {
			return spend.Name, nil
		}
		return instrument.PreferFirst(names, c), nil
	}
	b.Classes[0] = class
	return b
}

// boasting are vouchers of which a shop says what it likes when it gives them back.
func (m *market) boasting(b protocol.Bundle) protocol.Bundle {
	b.Protocols = []protocol.Protocol{boasts{b.Protocols[0].(sdk.Simple), &m.moods}}
	return b
}

type boasts struct {
	sdk.Simple
	m *moods
}

func (b boasts) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	r, err := b.Simple.DoOperation(ctx, s, c)
	if says, _ := b.m.boasts.Load().(string); says != "" && c.Operation == protocol.Refund && s.Side() == protocol.Servicer {
		r.Value = bytes.Replace(r.Value, []byte("CHF:4"), []byte(says), 1)
	}
	return r, err
}

// Which protocol a class prefers may depend on the amount, and a refund has none. It
// is asked for by the protocol that has paid.
func TestWhatWasPaidComesBackByItsProtocol(t *testing.T) {
	m := openMarket(t)
	pink := m.voucher("pink", 5)
	p := m.purchase("k")
	p.Shares[0].Instrument = pink
	m.refuses.Store("blue")
	got, err := m.PayTogether(t.Context(), p, &chooser{})
	if got.Status != client.PaymentRefunded || m.party.View(t, pink).Status != "ready" {
		t.Errorf("a part is %s, its voucher %s: %v", got.Status, m.party.View(t, pink).Status, err)
	}
}

// What never comes back pays alone. As a part of a payment it would be gone for
// nothing when another part fails.
func TestWhatDoesNotComeBackPaysNoPart(t *testing.T) {
	m := openMarket(t)
	grey := m.voucher("grey", 4)
	as := func(want string) {
		t.Helper()
		if has := m.has() + ", " + m.party.View(t, grey).Status; has != want {
			t.Errorf("%s", has)
		}
	}
	p := m.purchase("first")
	p.Shares[0].Instrument = grey
	who := &chooser{}
	if _, err := m.PayTogether(t.Context(), p, who); fault.ReasonOf(err) != "part-not-refundable" || who.bills != 0 {
		t.Errorf("as the first part: %v, agreed to %d", err, who.bills)
	}
	as("ready ready ready; 0 taken, ready")

	m.refuses.Store("blue")
	got, err := m.PayTogether(t.Context(), m.purchase("instead"), &chooser{others: []instrument.ID{grey}})
	if got.Status != client.PaymentRefunded {
		t.Errorf("instead of another: %s, %v", got.Status, err)
	}
	as("ready ready ready; 0 taken, ready")

	_, err = m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: m.operation(t, "alone"), Amount: amount(t, "CHF:4"), Instrument: grey}, agreed)
	check(t, err)
	as("ready ready ready; 0 taken, used")
}

// What has paid nothing does not come back, and nobody is asked for it.
func TestWhatHasPaidNothingDoesNotComeBack(t *testing.T) {
	m := openMarket(t)
	m.refuses.Store("red")
	refused := m.operation(t, "refused")
	if _, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: refused, Amount: amount(t, "CHF:4"), Instrument: m.red}, agreed); err == nil {
		t.Fatal("it was paid")
	}
	for name, op := range map[string]instrument.OperationID{"one that was refused": refused, "one that never was": m.operation(t, "never")} {
		if got, err := m.RefundOperation(t.Context(), op); fault.ReasonOf(err) != "payment-unknown" || got.Operation != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A vendor's word that more came back than was paid, or other money, is shown to nobody as
// what came back.
func TestMoreThanWasPaidDoesNotComeBack(t *testing.T) {
	for says, want := range map[string]instrument.Amount{"CHF:4": amount(t, "CHF:4"), "CHF:3": amount(t, "CHF:3"), "CHF:400": {}, "EUR:4": {}} {
		m := openMarket(t)
		op := m.operation(t, "gold")
		_, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: op, Amount: amount(t, "CHF:4"), Instrument: m.voucher("gold", 4)}, agreed)
		check(t, err)
		check(t, m.party.Book().PutPeer(t.Context(), m.peer))
		_, err = m.shop.Refund(t.Context(), string(op))
		check(t, err)
		m.boasts.Store(says)
		got, err := m.RefundOperation(t.Context(), op)
		if refused := want == (instrument.Amount{}); got.Amount != want || refused != (fault.ReasonOf(err) == "refund-differs") || !refused && err != nil {
			t.Errorf("%s: %s came back, %v", says, got.Amount, err)
		}
	}
}

// What a vendor was paid that is no known peer is asked back from nobody: the person reads
// that it has to be made one, and no operation begins.
func TestAVendorThatIsNoKnownPeerIsNotAsked(t *testing.T) {
	m := openMarket(t)
	paid, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: m.operation(t, "k"), Amount: amount(t, "CHF:4"), Instrument: m.red}, agreed)
	check(t, err)
	id, err := m.party.Protocols().Named(t.Context(), string(paid.Operation))
	check(t, err)
	_, err = m.RefundOperation(t.Context(), id)
	if f := fault.From(err); fault.ReasonOf(err) != "peer-unknown" || f.Hint == "" || m.has() != "used ready ready; 1 taken" {
		t.Errorf("%s: %v", m.has(), err)
	}
	check(t, m.party.Book().PutPeer(t.Context(), m.peer))
	if _, err = m.RefundOperation(t.Context(), id); fault.ReasonOf(err) != "refund-not-granted" { // the shop's own word
		t.Errorf("known it is asked and says %v", err)
	}
}

// comesBack is a payment to a peer that is known, and that gives it back to whoever asks.
func (m *market) comesBack(t *testing.T) instrument.OperationID {
	t.Helper()
	op := m.operation(t, "k")
	_, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: op, Amount: amount(t, "CHF:4"), Instrument: m.red}, agreed)
	check(t, err)
	check(t, m.party.Book().PutPeer(t.Context(), m.peer))
	_, err = m.shop.Refund(t.Context(), string(op))
	check(t, err)
	return op
}

// What has come back is said again, and nobody is asked: in a group, whoever asks second is not the
// one who has begun it.
func TestWhatHasComeBackIsSaidAgain(t *testing.T) {
	m := openMarket(t)
	op := m.comesBack(t)
	first, err := m.RefundOperation(t.Context(), op)
	check(t, err)
	check(t, m.party.Book().RemovePeer(t.Context(), m.peer.Name))
	if again, err := m.RefundOperation(t.Context(), op); err != nil || again != first {
		t.Errorf("it said %+v, and then %+v: %v", first, again, err)
	}
}

// A refund that another user of the wallet has begun is theirs until it has ended: whoever asks as
// well reads that, and not that it is something else.
func TestARefundOfAnotherUserHasNotEnded(t *testing.T) {
	m := openMarket(t)
	op := m.comesBack(t)
	gone, begun := make(chan struct{}), make(chan struct{})
	m.absent.Store(gone)
	once := sync.OnceFunc(func() { close(begun) })
	m.till.Intercept(func(_ context.Context, i controller.Intercepted) error { // what arrives there is on record here
		if i.Method == comm.MethodExecute {
			once()
		}
		return nil
	})
	ended := make(chan client.Refund, 1)
	go func() {
		first, err := m.RefundOperation(t.Context(), op)
		if err != nil {
			t.Error(err)
		}
		ended <- first
	}()
	<-begun
	other := client.New(m.party.Controller, profile.Principal{ID: "another", Kind: profile.Person}, nil)
	if got, err := other.RefundOperation(t.Context(), op); fault.ReasonOf(err) != protocol.ReasonPending || fault.From(err).Hint == "" {
		t.Errorf("%+v, %v", got, err)
	}
	m.absent.Store((chan struct{})(nil))
	close(gone)
	first := <-ended
	if again, err := other.RefundOperation(t.Context(), op); err != nil || again != first {
		t.Errorf("it said %+v, and then %+v: %v", first, again, err)
	}
}

// Where several classes could pay and nobody can be asked, none is chosen, and all that can
// be said are named.
func TestOneOfSeveralClassesIsNotGuessed(t *testing.T) {
	m := openMarket(t)
	_, err := m.Pay(t.Context(), client.Payment{Peer: m.peer, Operation: m.operation(t, "k"), Amount: amount(t, "CHF:4")}, agreed)
	if f := fault.From(err); fault.ReasonOf(err) != "input-needed" || f.Hint != "say which: --class blue or --class green or --class red" || m.has() != "ready ready ready; 0 taken" {
		t.Errorf("%s: %v", m.has(), err)
	}
}
