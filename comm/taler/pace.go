package taler

import "time"

const (
	firstPause = 200 * time.Millisecond
	mostPause  = 10 * time.Second
)

// Pace is how fast somebody asks one thing again and again. A server that holds a
// long poll as it was asked to sets the pace; one that answers early, which every
// server may at any time (Taler docs, core/api-bank-integration), or not at all, is
// asked at growing distances. The zero Pace begins fast; it is for one goroutine.
type Pace struct {
	Most time.Duration // the longest distance; zero is 10 seconds

	distance time.Duration
}

// Pause is how long to wait before asking again, after an answer that came after
// took and was to be held for asked at most; took is zero of no answer.
func (p *Pace) Pause(took, asked time.Duration) time.Duration {
	if took >= asked {
		p.distance = 0
		return 0
	}
	most := p.Most
	if most == 0 {
		most = mostPause
	}
	p.distance = min(max(2*p.distance, firstPause), most)
	return p.distance - min(max(took, 0), p.distance)
}

// Spread makes a pause up to a fifth shorter or longer, so that those whom one
// failure has sent away do not come back together; dice is from 0 to 1.
func Spread(pause time.Duration, dice float64) time.Duration {
	return time.Duration(float64(pause) * (0.8 + 0.4*dice))
}
