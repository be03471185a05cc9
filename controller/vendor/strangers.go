package vendor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// What one key may leave here without paying is bounded for each key (mayBegin,
// mayOpen), and anybody can make more keys. So many records may all strangers together
// leave at once, and then one more in each such time. It is a pace and no sum, for a
// sum that a crowd has used up would keep everybody out until the next day.
const (
	maxStrangers   = 1024
	strangersEvery = 5 * time.Second
)

// strangers is what is left of that pace. The zero value has all of it.
type strangers struct {
	mu   sync.Mutex
	used int
	at   time.Time // when it was counted last
}

// take takes the place of one record; false: there is none now.
func (s *strangers) take(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := min(s.used, max(0, int(now.Sub(s.at)/strangersEvery)))
	s.used, s.at = s.used-free, s.at.Add(time.Duration(free)*strangersEvery)
	if s.used == 0 || now.Before(s.at) { // nothing to make up for, or a clock that was put back
		s.at = now
	}
	if s.used == maxStrangers {
		return false
	}
	s.used++
	return true
}

// room refuses a record that costs nothing when too many have left some, unless its
// owner is no stranger: a customer whom the vendor knows, or one who has paid here in
// parts before. Nothing has happened then, and the wallet asks again by itself.
func (t *Terminal) room(ctx context.Context, key string) error {
	if t.strangers.take(t.Now()) {
		return nil
	}
	known, err := t.knows(ctx, key)
	if err != nil || known {
		return err
	}
	return fault.New(fault.Unavailable, "too many whom this vendor does not know begin something here without paying").Because("strangers-crowded").
		WithHint("try again in a moment, or pay with one instrument")
}

// knows reports whether a key is no stranger's.
func (t *Terminal) knows(ctx context.Context, key string) (bool, error) {
	if key == nobodysKey {
		return false, nil
	}
	if _, err := t.Profiles().Principal(ctx, customerID(key)); !errors.Is(err, fault.NotFound) {
		return err == nil, err
	}
	theirs, err := t.Instruments().List(ctx, instrument.Filter{Class: controller.ClassPayment, Owner: customerID(key), Limit: maxUnpaid})
	if err != nil {
		return false, err
	}
	for _, i := range theirs {
		var w whole
		if err := i.Decode(&w); err != nil {
			return false, err
		}
		paid, _, err := t.fates(ctx, w)
		if err != nil || anyOf(paid) {
			return err == nil, err
		}
	}
	return false, nil
}
