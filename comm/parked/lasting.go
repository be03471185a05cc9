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

// Lasting is a request whose context does not end at once when its peer closes its
// sending side. net/http takes every such peer for gone; one that has only said
// all that it had to say still waits for the answer, and would hear that the request was
// cut short, each time that it asks again. Whoever has really gone is forgotten a while
// later: 1 s for GET and HEAD, else 10 s. Call done when the request is answered, which
// ends the context.
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
