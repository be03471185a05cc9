package vendor_test

import (
	"context"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// A payer chooses the ids of their operations: two that begin alike hide nothing of what
// was paid.
func TestIdsThatBeginAlikeHideNoPayment(t *testing.T) {
	s := openStall(t, nil)
	check(t, s.pay(s.amy, "", "a", "CHF:1"))
	_, err := s.Refund(t.Context(), string(s.operation["a"]))
	check(t, err)
	check(t, s.refundUnder("0123456789abcdef0123456789abcdef", s.amy, "a"))
	_ = s.refundUnder("0123456789ab00000000000000000000", s.amy, "a") // whatever comes of it
	all, err := s.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentRefunded || all[0].Refunded != amount(t, "CHF:1") {
		t.Errorf("%+v, %v", all, err)
	}
}

// euros gives back, as it says, in another currency than was paid.
type euros struct{ sdk.Simple }

func (e euros) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	r, err := e.Simple.DoOperation(ctx, s, c)
	if err == nil && c.Operation == protocol.Refund && s.Side() == protocol.Servicer {
		r.Amount.Currency = "EUR"
	}
	return r, err
}

// What a plugin says that nobody can add up stands with its part, and hides nothing.
func TestARefundInAnotherCurrencyHidesNoPayment(t *testing.T) {
	taken := stamps(comm.Vendor)
	taken.Protocols = []protocol.Protocol{euros{taken.Protocols[0].(sdk.Simple)}}
	s := openStallOf(t, nil, taken)
	check(t, s.pay(s.amy, "", "a", "CHF:1"))
	_, err := s.Refund(t.Context(), string(s.operation["a"]))
	check(t, err)
	check(t, s.refund(s.amy, "a"))
	all, err := s.AllPayments(t.Context())
	if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentPaid || !all[0].Refunded.IsZero() || all[0].Parts[0].Refunded != amount(t, "EUR:1") {
		t.Errorf("%+v, %v", all, err)
	}
}

// instalments gives back, as it says, so much in all at one time and so much at another.
type instalments struct {
	sdk.Simple
	says *[]instrument.Amount
}

func (i instalments) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	r, err := i.Simple.DoOperation(ctx, s, c)
	if err == nil && c.Operation == protocol.Refund && s.Side() == protocol.Servicer {
		r.Amount, *i.says = (*i.says)[0], (*i.says)[1:]
	}
	return r, err
}

// What came back in parts is as much as the most that was said of it, not what was said first or
// last, and not the sum.
func TestWhatIsFetchedInPartsCountsOnce(t *testing.T) {
	part, whole := amount(t, "CHF:0.4"), amount(t, "CHF:1")
	for name, says := range map[string][]instrument.Amount{"more and more": {part, whole}, "less again": {whole, part}} {
		taken := stamps(comm.Vendor)
		taken.Protocols = []protocol.Protocol{instalments{taken.Protocols[0].(sdk.Simple), &says}}
		s := openStallOf(t, nil, taken)
		check(t, s.pay(s.amy, "", "a", "CHF:1"))
		_, err := s.Refund(t.Context(), string(s.operation["a"]))
		check(t, err)
		check(t, s.refund(s.amy, "a"))
		_ = s.refund(s.amy, "a") // whatever comes of it with the payer
		all, err := s.AllPayments(t.Context())
		if err != nil || len(all) != 1 || all[0].Status != vendor.PaymentRefunded || all[0].Refunded != whole || len(says) != 0 {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
	}
}
