package prepaid

import (
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// window is how far behind the highest counter a payment may arrive.
const window = 256

// marks are the counters that were taken: all within the window up to High, except for the
// holes. Payments that are under way together may overtake each other. A counter that was not
// taken before the window has passed it is void for ever.
type marks struct {
	High  uint64   `json:"high"`
	Holes []uint64 `json:"holes,omitempty"` // ascending
}

// take is the pure rule of a counter: each is taken once.
func (m marks) take(counter uint64) (marks, error) {
	if counter > m.High {
		return m.rise(counter), nil
	}
	at, hole := slices.BinarySearch(m.Holes, counter)
	if !hole {
		return m, fault.New(fault.Conflict, "counter %d of this account was used before, or is too old", counter).Because("counter-reused").
			WithHint("was a wallet restored from a backup? begin another payment: it asks the vendor first")
	}
	return marks{m.High, slices.Delete(slices.Clone(m.Holes), at, at+1)}, nil
}

// rise leaves a hole for each counter that was passed over.
func (m marks) rise(counter uint64) marks {
	oldest := uint64(1)
	if counter >= window {
		oldest = counter - window + 1
	}
	var holes []uint64
	for _, h := range m.Holes {
		if h >= oldest {
			holes = append(holes, h)
		}
	}
	for n := max(m.High+1, oldest); n < counter; n++ {
		holes = append(holes, n)
	}
	return marks{counter, holes}
}

// includes reports whether a counter of the window was taken.
func (m marks) includes(counter uint64) bool {
	return counter <= m.High && m.High-counter < window && !slices.Contains(m.Holes, counter)
}
