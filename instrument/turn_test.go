package instrument

import "testing"

// TestATurnIsOver: who has given an instrument on and wants it again stands in line, also
// where the one whose turn it is has not yet noticed.
func TestATurnIsOver(t *testing.T) {
	leases := newLeaseTable()
	if leases.enter("first", "purse") != nil {
		t.Fatal("a free one is not had at once")
	}
	turn := leases.enter("second", "purse")
	leases.release("first")
	<-turn
	if leases.enter("first", "purse") == nil {
		t.Error("two operations hold one instrument")
	}
}
