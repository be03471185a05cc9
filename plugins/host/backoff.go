package host

import "time"

// The pauses before restarts: the first is the shortest, and each further one is twice as long. A
// life that lasted for healthyLife begins the count anew.
const (
	shortestPause = 200 * time.Millisecond
	longestPause  = 30 * time.Second
	healthyLife   = 60 * time.Second
)

// backoff says when a plugin may be started again.
type backoff struct {
	failures int
	next     time.Time // not before
}

// failed notes the end of a life, or a start that failed (lived is zero).
// Jitter, from 0 up to 1, shortens the pause by up to a half, so that plugins that died together
// do not start together.
func (b *backoff) failed(now time.Time, lived time.Duration, jitter float64) {
	if lived >= healthyLife {
		b.failures = 0
	}
	pause := longestPause
	if b.failures < 16 {
		pause = min(shortestPause<<b.failures, longestPause)
	}
	b.failures++
	b.next = now.Add(pause - time.Duration(jitter*float64(pause)/2))
}

// pause is how long a start has to wait; zero or less: not at all.
func (b *backoff) pause(now time.Time) time.Duration { return b.next.Sub(now) }
