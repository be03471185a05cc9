package vendor_test

import (
	"sync"
	"testing"
)

// Two that give one payment back at the same time, such as two at one counter, say the
// same: whoever comes second is not told that something is taken.
func TestOneRefundIsGrantedAtTheSameTime(t *testing.T) {
	s := openStall(t, nil)
	for range 8 {
		check(t, s.pay(s.amy, "", "alone", "CHF:1"))
		op := string(s.operation["alone"])
		errs := make([]error, 8)
		var all sync.WaitGroup
		for n := range errs {
			all.Go(func() { _, errs[n] = s.Refund(t.Context(), op) })
		}
		all.Wait()
		for _, err := range errs {
			check(t, err)
		}
		check(t, s.refund(s.amy, "alone"))
	}
}
