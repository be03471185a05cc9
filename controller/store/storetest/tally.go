package storetest

import (
	"reflect"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

func testTally(t *testing.T, s Store) {
	if list, err := s.Tally(t.Context(), "coupon"); err != nil || len(list) != 0 {
		t.Errorf("of nothing: %v, %v", list, err)
	}
	ticket, used := coupon("c"), coupon("d")
	ticket.Class, used.Status = "ticket", "used"
	insert(t, s, coupon("b"), coupon("a"), ticket, used)
	want := []instrument.Tally{{Status: "new", Count: 2, Oldest: "a"}, {Status: "used", Count: 1, Oldest: "d"}}
	if list, err := s.Tally(t.Context(), "coupon"); err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("%+v, %v", list, err)
	}
}
