package card

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Another vendor offers the reference of a payment whose outcome is not known, and then
// refuses it. What may have been charged for the first stays on record.
func TestAReferenceIsItsVendors(t *testing.T) {
	var s state
	s.intend("W1", "honest", sum("CHF:20"), noon)
	s.intend("W1", "other", sum("CHF:1"), noon)
	s.resolve("W1", "other")
	if s.Pending != nil || len(s.Unresolved) != 1 || s.Unresolved[0].Payee != "honest" || s.Unresolved[0].Amount != sum("CHF:20") {
		t.Errorf("the card holds %+v and %+v", s.Pending, s.Unresolved)
	}
	s.keep(receipt{Reference: "W1", Amount: sum("CHF:1")}, "other", "op-2")
	if len(s.Unresolved) != 1 {
		t.Error("the other's receipt has ended it")
	}
	s.keep(receipt{Reference: "W1", Amount: sum("CHF:20")}, "honest", "op-1")
	if len(s.Unresolved) != 0 {
		t.Errorf("still open: %+v", s.Unresolved)
	}
	s.Unresolved = []intent{{Reference: "W2"}} // of an older build
	if s.resolve("W2", "honest"); len(s.Unresolved) != 0 {
		t.Error("what an older build has stored is never over")
	}
}

// What a vendor says of a refund is about the payment that was asked back, and no more
// than that.
func TestARefundIsOfItsPayment(t *testing.T) {
	for _, row := range []struct {
		name, reference, says, want string
		by                          instrument.OperationID // that paid what is asked back
		refused                     bool
	}{
		{"all of it", "W1", "CHF:20", "CHF:20", "op-1", false},
		{"a part", "W1", "CHF:5", "CHF:5", "op-1", false},
		{"more than was paid", "W1", "CHF:20.01", "", "op-1", true},
		{"other money", "W1", "EUR:20", "", "op-1", true},
		{"of another payment", "W2", "CHF:5", "", "op-1", true},
		{"of a payment to somebody else under that reference", "W1", "CHF:20", "", "op-3", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var s state
			s.keep(receipt{Reference: "W1", Amount: sum("CHF:20")}, "honest", "op-1")
			s.keep(receipt{Reference: "W2", Amount: sum("CHF:20")}, "other", "op-2")
			err := s.takeBack(row.by, gaveBack{Reference: row.reference, Refunded: sum(row.says)})
			if refused := fault.ReasonOf(err) == "refund-differs"; refused != row.refused || !refused && err != nil {
				t.Errorf("got %v", err)
			}
			if got := s.Receipts[0].Refunded; row.want == "" && !got.IsZero() || row.want != "" && got != sum(row.want) {
				t.Errorf("the card holds that %s came back", got)
			}
		})
	}
}
