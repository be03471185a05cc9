package profile

import (
	"sync"
	"time"
)

// lookPause, times the number of an account's reservations, is how long these are not looked at
// again. It is several times what it takes to look at one of them.
const lookPause = time.Millisecond

// looks remembers when the reservations of accounts with many of them were looked at. The zero
// value is empty.
type looks struct {
	mu  sync.Mutex
	all map[Account]pause
}

// pause is a time in which an account is not looked at again.
type pause struct{ from, until time.Time }

func (p pause) has(now time.Time) bool { return !now.Before(p.from) && now.Before(p.until) }

// rests reports whether an account was looked at a moment ago.
func (l *looks) rests(a Account, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	rests := l.all[a].has(now)
	if !rests {
		delete(l.all, a)
	}
	return rests
}

// begin begins the pause of an account with that many reservations. It is false if somebody else
// has begun it, and looks at them now.
func (l *looks) begin(a Account, now time.Time, reservations int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all[a].has(now) {
		return false
	}
	if l.all == nil {
		l.all = map[Account]pause{}
	}
	l.all[a] = pause{now, now.Add(time.Duration(reservations) * lookPause)}
	return true
}
