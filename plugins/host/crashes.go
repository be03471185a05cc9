package host

import "github.com/swaperoo/swaperoo/instrument"

// maxCrashes in a row, of different operations and peers, put a bundle in
// quarantine.
const maxCrashes = 3

// culprit is one operation that ran when a bundle crashed.
type culprit struct {
	op   instrument.OperationID
	peer string // its key, or its name where it has none
}

// crashes are the crashes of a bundle since an operation last went well. Crashes of one operation, or
// with one peer, count once, however often it comes back: no peer can take a bundle away from all
// others.
type crashes struct{ row []culprit }

// add notes a crash and the operations that ran then, and reports whether there are maxCrashes.
func (c *crashes) add(running []culprit) bool {
	for _, r := range running {
		if c.isNew(r) {
			c.row = append(c.row, r)
			break
		}
	}
	return len(c.row) >= maxCrashes
}

func (c *crashes) isNew(r culprit) bool {
	for _, seen := range c.row {
		if seen.op == r.op || seen.peer == r.peer {
			return false
		}
	}
	return true
}

// reset begins the count anew.
func (c *crashes) reset() { c.row = nil }
