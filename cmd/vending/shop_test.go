package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func TestProductsAreReadStrictly(t *testing.T) {
	for text, good := range map[string]bool{
		"A1 CHF:2 10": true, "Bar-1.a_2 EUR:1.50 0": true,
		"": false, "A1": false, "A1 CHF:2": false, "A1 CHF:2 ten": false, "A1 CHF:2 -1": false, "A1 CHF:0 1": false, "A1 2 1": false,
		"A/1 CHF:2 1": false, "A1 CHF:2 1 more": false, "A12345678901234567890123456789012 CHF:2 1": false,
	} {
		if _, err := newShelf([]string{text}); (err == nil) != good || err != nil && fault.ReasonOf(err) != "product-malformed" {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := newShelf([]string{"A1 CHF:2 1", "A1 CHF:3 1"}); fault.ReasonOf(err) != "product-malformed" {
		t.Errorf("twice: %v", err)
	}
}

func stays(held) bool { return false }

func op(n int) instrument.OperationID { return instrument.OperationID(fmt.Sprint("operation ", n)) }

// Of many who pay for the last pieces at once, as many go through as there are.
func TestAPieceIsSoldOnce(t *testing.T) {
	s, err := newShelf([]string{"A1 CHF:2 3"})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var sold atomic.Int32
	for n := range 50 {
		all.Go(func() {
			for range 2 { // and asks again
				if err := s.hold("A1", held{operation: op(n)}, stays); err == nil {
					sold.Add(1)
				} else if f := fault.From(err); f.Reason != "sold-out" || strings.Contains(f.Message, "paid") { // another part may have been
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if sold.Load() != 6 {
		t.Errorf("%d of 6 were kept", sold.Load())
	}
}

func TestWhatIsKeptComesBack(t *testing.T) {
	s, err := newShelf([]string{"A1 CHF:2 2"})
	if err != nil {
		t.Fatal(err)
	}
	hold := func(n int, over func(held) bool) fault.Reason {
		return fault.ReasonOf(s.hold("A1", held{operation: op(n)}, over))
	}
	offer := func(over func(held) bool) fault.Reason {
		_, err := s.offer("A1", held{}, over)
		return fault.ReasonOf(err)
	}
	for _, c := range []struct {
		what string
		got  fault.Reason
		want fault.Reason
	}{
		{"the first", hold(1, stays), ""},
		{"the second", hold(2, stays), ""},
		{"the third", hold(3, stays), "sold-out"},
		{"an offer", offer(stays), "sold-out"},
		{"an offer when one is over", func() fault.Reason {
			r := offer(func(h held) bool { return h.operation == op(2) })
			hold(2, stays)
			return r
		}(), ""},
		{"… when one was refused", func() fault.Reason { s.release(held{operation: op(1)}); return hold(3, stays) }(), ""},
		{"… when one never began", hold(4, func(h held) bool { return h.operation == op(2) }), ""},
		{"dispensed", fault.ReasonOf(s.take("A1", held{operation: op(3)})), ""},
		{"dispensed and asked for again", hold(3, stays), ""},
		{"another", hold(5, stays), "sold-out"},
		{"dispensed", fault.ReasonOf(s.take("A1", held{operation: op(4)})), ""},
		{"paid for, and taken out by somebody", fault.ReasonOf(s.take("A1", held{operation: op(6)})), "chute-empty"},
		{"of a product that is gone", fault.ReasonOf(s.take("B2", held{operation: op(7)})), "chute-empty"},
		{"a product that is gone", fault.ReasonOf(s.hold("B2", held{operation: op(8)}, stays)), "sold-out"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, wanted %q", c.what, c.got, c.want)
		}
	}
}

// Who names a product that there is not is told which there are: the machine has no other list.
func TestAMachineSaysWhatItSells(t *testing.T) {
	var many []string
	for n := range shown + 1 {
		many = append(many, fmt.Sprintf("P%02d CHF:1 1", n))
	}
	for hint, products := range map[string][]string{
		"it sells A1 for CHF:2, B2 for CHF:1": {"B2 CHF:1 6", "A1 CHF:2 10", "C3 CHF:4 0"},
		"it is empty":                         {"A1 CHF:2 0"},
		"it sells P00 for CHF:1, P01 for CHF:1, P02 for CHF:1, P03 for CHF:1, P04 for CHF:1, P05 for CHF:1, P06 for CHF:1, P07 for CHF:1, " +
			"P08 for CHF:1, P09 for CHF:1, P10 for CHF:1, P11 for CHF:1, P12 for CHF:1, P13 for CHF:1, P14 for CHF:1, P15 for CHF:1, " +
			"P16 for CHF:1, P17 for CHF:1, P18 for CHF:1, P19 for CHF:1 and more": many,
	} {
		s, err := newShelf(products)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.offer("bread", held{}, stays); fault.ReasonOf(err) != "product-unknown" || fault.From(err).Hint != hint {
			t.Errorf("a customer is told %v", err)
		}
	}
}
