package parked

import (
	"context"
	"net/http"
	"time"
)

// How long a request goes on whose peer says nothing more: what changes something
// takes a while, and what is only read, or followed, need not be kept for long.
const (
	lastsReading  = time.Second
	lastsChanging = 10 * time.Second
)

// Lasting is a request whose context outlives the peer's sending side for a while. net/http ends
// the context of a request as soon as the peer sends no more, as if the peer were gone. But a
// peer that has merely sent all that it had to say still waits for the answer; it would be told
// that the request was cut short, each time that it asks. So the context goes on for 1 s for GET
// and HEAD, and for 10 s otherwise. Call done when the request is answered, which ends it.
func Lasting(r *http.Request) (lasting *http.Request, done context.CancelFunc) {
	return last(r, lasts(r.Method))
}

func lasts(method string) time.Duration {
	if method == http.MethodGet || method == http.MethodHead {
		return lastsReading
	}
	return lastsChanging
}

func last(r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
	peer := r.Context()
	ctx, cancel := context.WithCancel(context.WithoutCancel(peer))
	forget := context.AfterFunc(peer, func() {
		over := time.NewTimer(d)
		defer over.Stop()
		select {
		case <-over.C:
		case <-ctx.Done():
		}
		cancel()
	})
	return r.WithContext(ctx), func() {
		forget()
		cancel()
	}
}
