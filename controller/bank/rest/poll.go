package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// writeLimit is how long an answer may take to be sent.
const writeLimit = 30 * time.Second

// poll reads how long a request wants to be held, and until what.
func (a *API) poll(r *http.Request) (taler.LongPoll, error) {
	q, err := taler.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return taler.LongPoll{}, err
	}
	return taler.ParseLongPoll(q, a.o.LongPollCap)
}

// hold prepares a request for a long wait: the limit that the server puts on
// every answer moves behind it, and the end of the server ends it. The returned
// function must be called.
func (a *API) hold(w http.ResponseWriter, r *http.Request, wait time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(r.Context())
	if wait <= 0 {
		return ctx, cancel
	}
	// A writer that knows no deadlines is one that no server made: nothing to move.
	// The limit on reading ended with the request's last byte.
	_ = http.NewResponseController(w).SetWriteDeadline(a.o.Clock().Add(wait + writeLimit))
	stop := context.AfterFunc(a.polls, cancel)
	a.count(1)
	return ctx, func() { stop(); cancel(); a.count(-1) }
}

func (a *API) count(more int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held += more
	if a.o.Held != nil {
		a.o.Held(a.held)
	}
}
