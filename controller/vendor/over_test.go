package vendor

import (
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestASaleIsOverOnce: who finds it over after somebody else has does not wait, with all
// sales, for a listener that has gone.
func TestASaleIsOverOnce(t *testing.T) {
	s := &sale{done: make(chan error, 1)}
	till := &Terminal{selling: map[string]*sale{s.w.Reference(): s}}
	first := errors.New("it was aborted")
	till.endSale(s, first)
	till.endSale(s, errors.New("it is paid already"))
	if err := <-s.done; !errors.Is(err, first) || len(till.selling) != 0 {
		t.Errorf("%v, and %d on sale", err, len(till.selling))
	}
}

// TestASaleIsOverWhenItsPaymentIsNone: its end was found while a payment was under way, and
// is told once that has certainly paid nothing.
func TestASaleIsOverWhenItsPaymentIsNone(t *testing.T) {
	for _, row := range []struct {
		name     string
		outcomes []error
		over     bool
	}{
		{"refused", []error{fault.New(fault.Denied, "above the limit")}, true},
		{"one of two is refused", []error{fault.New(fault.Conflict, "another one has it"), nil}, false},
		{"both are refused", []error{fault.New(fault.Conflict, "another one has it"), fault.New(fault.Declined, "no")}, true},
		{"paid", []error{nil}, false},
		{"nobody knows", []error{fault.New(fault.Unknown, "no answer")}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &sale{done: make(chan error, 1), paying: len(row.outcomes)}
			till := &Terminal{selling: map[string]*sale{s.w.Reference(): s}}
			till.endSale(s, abortedUnpaid())
			if len(s.done) != 0 {
				t.Error("it is over while it is being paid")
			}
			for _, outcome := range row.outcomes {
				till.stopPaying(s, outcome)
			}
			if over := len(s.done) == 1; over != row.over {
				t.Errorf("over: %t", over)
			}
		})
	}
}
