package till

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Looks has whoever begins a withdrawal wait so long for what the bank says of itself.
func (t *Till) Looks(d time.Duration) { t.looks = d }

// Begins has whoever begins a withdrawal wait so long.
func (t *Till) Begins(d time.Duration) { t.begins = d }

// Pauses has the till wait so long before its second attempt at what has failed.
func (t *Till) Pauses(d time.Duration) { t.pause = d }

// Decode is decode of an order, for the fuzzer.
func Decode(text []byte) (o Order, err error) {
	err = decode(text, &o)
	return o, err
}

// Cursor is cursor, for the fuzzer.
func Cursor(text string) (uint64, error) {
	c, err := cursor(text)
	return uint64(c), err
}

// MaxStreams is how many may follow the events.
const MaxStreams = maxStreams

// StatusOf is statusOf, for the documents.
func StatusOf(f *fault.Fault) int { return statusOf(f) }

// ShutWith is the status of whoever does not show the token.
func ShutWith() int { return shutWith(fault.From(unauthorized())) }

// What a withdrawal waits for.
const (
	NeedsAcceptance = needsAcceptance
	NeedsSameWallet = needsSameWallet
	NeedsPayment    = needsPayment
)

// StopsBehind tells a withdrawal what it waits for, and reports whether it can be given up
// before it has heard that.
func StopsBehind(needs string, answer any) (stops bool) {
	s := newSale(nil, "", record{}, Payment{})
	s.needs, s.answer = needs, make(chan any, 1)
	return s.hears(needs, answer) && s.stops() != nil
}

// HearsWhileStopping reports whether a withdrawal takes an answer where two are giving it
// up and one of them has done so, in vain.
func HearsWhileStopping(needs string, answer any) bool {
	s := newSale(nil, "", record{}, Payment{})
	s.needs, s.answer = needs, make(chan any, 1)
	one, other := s.stops(), s.stops()
	defer other()
	one()
	return s.hears(needs, answer)
}
