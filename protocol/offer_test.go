package protocol_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// TestOffer: the host compares what changed hands with what the vendor signed,
// on either side and whatever the code says.
func TestOffer(t *testing.T) {
	price := instrument.Amount{Currency: "CHF", Value: 20}
	pays := func(a instrument.Amount) side {
		return func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
			if s.Side() == protocol.Initiator {
				if err := s.Recv(ctx, nil); err != nil {
					return protocol.Result{}, err
				}
			}
			err := s.Update(ctx, create("purse", "", state{N: int(a.Value)}))
			return protocol.Result{Value: raw("paid"), Amount: a}, err
		}
	}
	wrong := instrument.Amount{Currency: "CHF", Value: 21}
	for _, c := range []struct {
		name        string
		left, right instrument.Amount
		ok          bool
		kept        [2]int // what the two sides have kept
	}{
		{"as offered", price, price, true, [2]int{20, 20}},
		{"the servicer takes more", price, wrong, false, [2]int{0, 0}},
		{"the initiator gives more", wrong, price, false, [2]int{0, 20}},
		{"another currency", instrument.Amount{Currency: "EUR", Value: 20}, price, false, [2]int{0, 20}},
		{"nothing is said", instrument.Amount{}, price, false, [2]int{0, 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pair := protocoltest.NewPair(t, bundles(does(pays(c.left))), bundles(does(pays(c.right))))
			pay := call(protocol.Pay)
			pay.Offer = &instrument.OfferBody{ID: "1", Class: "purse", Terms: instrument.Terms{Price: price}}
			_, err := pair.Execute(t.Context(), "test", pay)
			if c.ok != (err == nil) {
				t.Errorf("the error is %v", err)
			}
			if !c.ok {
				wants(t, err, fault.Internal, "amount-differs-from-offer")
				if f := fault.From(err); strings.Contains(f.Message, " :0") || !strings.Contains(f.Hint, "author of test") {
					t.Errorf("a person reads %q, %q", f.Message, f.Hint)
				}
			}
			if got := [2]int{earned(t, pair.Initiator), earned(t, pair.Servicer)}; got != c.kept {
				t.Errorf("kept %v, wanted %v", got, c.kept)
			}
			clean(t, pair.Initiator, pair.Servicer)
		})
	}
}

// TestNobodyPaysAlone: an initiator's code that says that a payment, or a refund, is done is
// not believed when its peer has refused it or was never heard.
func TestNobodyPaysAlone(t *testing.T) {
	price := instrument.Amount{Currency: "CHF", Value: 20}
	says := func(ask func(context.Context, protocol.Session) error) side {
		return func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
			_ = ask(ctx, s)
			err := s.Update(ctx, create("purse", "", state{N: 20}))
			return protocol.Result{Value: raw("paid"), Amount: price}, err
		}
	}
	hears := func(ctx context.Context, s protocol.Session) error { return s.Recv(ctx, nil) }
	declines := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		return protocol.Result{}, fault.New(fault.Declined, "no").Because("not-today")
	}
	lastWord := func(ctx context.Context, s protocol.Session) error {
		return errors.Join(s.Send(ctx, 1), s.Recv(ctx, nil), s.Send(ctx, 2))
	}
	answers := func(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
		return protocol.Result{Amount: price}, errors.Join(s.Recv(ctx, nil), s.Send(ctx, 1), s.Recv(ctx, nil))
	}
	for _, row := range []struct {
		name        string
		left, right side
		kind        fault.Kind
		reason      fault.Reason
	}{
		{"nobody was asked", says(func(context.Context, protocol.Session) error { return nil }), declines, fault.Unsupported, "payment-unanswered"},
		{"what it shows goes with its end", says(func(ctx context.Context, s protocol.Session) error { return s.Send(ctx, 1) }), declines, fault.Unsupported, "payment-unanswered"},
		{"the peer has refused", says(hears), declines, fault.Declined, "not-today"},
		{"its last word has no answer", says(lastWord), answers, 0, ""},
	} {
		for _, operation := range []string{protocol.Pay, protocol.Refund} {
			t.Run(operation+" "+row.name, func(t *testing.T) {
				pair := protocoltest.NewPair(t, bundles(does(row.left)), bundles(does(row.right)))
				c := call(operation)
				if operation == protocol.Pay {
					c.Offer = &instrument.OfferBody{ID: "1", Class: "purse", Terms: instrument.Terms{Price: price}}
				}
				_, err := pair.Execute(t.Context(), "test", c)
				wants(t, err, row.kind, row.reason)
				if kept := earned(t, pair.Initiator); kept != 0 != (row.kind == 0) {
					t.Errorf("the initiator keeps %d", kept)
				}
			})
		}
	}
}

// TestWhatMayHaveReachedThePeerIsADefect: code has asked somebody else before it calls something
// paid, and by then its request to the peer was on its way.
func TestWhatMayHaveReachedThePeerIsADefect(t *testing.T) {
	code := does(func(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
		_, err := s.Fetch(ctx, protocol.Request{Address: c.Main(), Method: "GET", Path: "/", Repeat: true})
		return protocol.Result{Value: raw("paid")}, err
	})
	n := protocoltest.NewNode(t, protocoltest.Options{Bundles: bundles(code), Fetch: answers})
	id := n.Create(t, instance("purse", state{URL: "https://example.org"}))[0]
	_, err := n.Protocols.Execute(t.Context(), protocol.Execution{ID: opA, Protocol: "test", Call: call(protocol.Pay, id), Link: mute{}})
	wants(t, err, fault.Internal, "payment-unanswered")
}

// TestAPaymentThatWasTakenIsNoRefusal: what code makes of the answer of a peer that has
// taken a payment, or cannot read of it, does not say that nothing was paid. Another
// instrument would pay once more.
func TestAPaymentThatWasTakenIsNoRefusal(t *testing.T) {
	price := instrument.Amount{Currency: "CHF", Value: 20}
	takes := func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
		return protocol.Result{Value: raw("paid"), Amount: price}, nil
	}
	declines := func(context.Context, protocol.Session, protocol.Call) (protocol.Result, error) {
		return protocol.Result{}, fault.New(fault.Declined, "no").Because("not-today")
	}
	for _, c := range []struct {
		name      string
		operation string
		read      func(s protocol.Session) error
		does      side
		kind      fault.Kind
		reason    fault.Reason
	}{
		{"it cannot be read", protocol.Pay, func(s protocol.Session) error { return s.Recv(t.Context(), new(int)) }, takes, fault.Unknown, "message-malformed"},
		{"it is not liked", protocol.Pay, func(s protocol.Session) error {
			return cmp.Or(s.Recv(t.Context(), nil), error(fault.New(fault.Invalid, "odd").Because("odd")))
		}, takes, fault.Unknown, "odd"},
		{"it is not liked, and no payment", "DO", func(s protocol.Session) error {
			return cmp.Or(s.Recv(t.Context(), nil), error(fault.New(fault.Conflict, "odd").Because("odd")))
		}, takes, fault.Conflict, "odd"},
		{"a refusal", protocol.Pay, func(s protocol.Session) error { return s.Recv(t.Context(), nil) }, declines, fault.Declined, "not-today"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := sides(func(_ context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
				return protocol.Result{}, c.read(s)
			}, c.does)
			pair := protocoltest.NewPair(t, bundles(code), bundles(code))
			pay := call(c.operation)
			if c.operation == protocol.Pay {
				pay.Offer = &instrument.OfferBody{ID: "1", Class: "purse", Terms: instrument.Terms{Price: price}}
			}
			_, err := pair.Execute(t.Context(), "test", pay)
			wants(t, err, c.kind, c.reason)
		})
	}
}
