package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/parked"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// writeLimit is how long an answer may take to be sent.
const writeLimit = 30 * time.Second

// A request waits in its handler for a moment, unless many are held already.
const (
	moment = time.Second
	many   = 256
)

// look reads what a request asks for, and waits so long for it to be as it is asked
// for. A document of nil is 204.
type look func(ctx context.Context, wait time.Duration) (document []byte, done bool, err error)

// status answers with the withdrawal of a request, as somebody sees it, once it is in
// another state than the request says, or its time is over.
func (a *API) status(w http.ResponseWriter, r *http.Request, holds still, of func(context.Context, taler.WOPID, taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error)) error {
	id, err := a.wopid(r)
	if err != nil {
		return err
	}
	q, err := taler.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	poll, err := taler.ParseLongPoll(q, a.o.LongPollCap)
	if err != nil {
		return err
	}
	return a.hold(w, r, poll.Timeout, holds, func(ctx context.Context, wait time.Duration) ([]byte, bool, error) {
		out, err := of(ctx, id, taler.LongPoll{Timeout: wait, OldState: poll.OldState})
		if err != nil {
			return nil, false, err
		}
		document, err := encoded(out)
		return document, out.Status != poll.OldState, err
	})
}

// hold answers a request that may wait. It waits for a moment in the request's handler, which
// is enough where machines sell to machines. A request that waits longer, or one of many,
// gives the server's goroutine and buffers back (see comm/parked). The end of the server ends
// every wait. After more than a moment the answer is given only if the client's login still
// holds; a nil holds means that the request needs no login.
func (a *API) hold(w http.ResponseWriter, r *http.Request, wait time.Duration, holds still, see look) error {
	if wait <= 0 {
		document, _, err := see(r.Context(), 0)
		return reply(w, document, err)
	}
	first := min(wait, a.moment)
	if a.count(1) > many {
		first = 0
	}
	away := false
	defer func() {
		if !away {
			a.count(-1)
		}
	}()
	rest, err := a.here(w, r, first, wait, see)
	if rest <= 0 || err != nil {
		return err
	}
	if holds != nil {
		see = holding(see, holds)
	}
	if rec, ok := w.(*recorder); ok {
		if c, ok := a.lot.Take(w, r); ok {
			away = true
			go a.parked(rec.park(c), c, rest, see)
			return nil
		}
	}
	_, err = a.here(w, r, rest, rest, see)
	return err
}

// holding is a look of one whose login must hold at its end.
func holding(see look, holds still) look {
	return func(ctx context.Context, wait time.Duration) ([]byte, bool, error) {
		document, done, err := see(ctx, wait)
		if err == nil {
			err = holds(context.WithoutCancel(ctx)) // the end of a wait is the end of its context
		}
		return document, done, err
	}
}

// here waits for a part of a wait with the request at hand, and answers when it was
// the last one or there is something to answer with; else it says how much is left.
func (a *API) here(w http.ResponseWriter, r *http.Request, part, wait time.Duration, see look) (rest time.Duration, err error) {
	// A writer that knows no deadlines is one that no server made: nothing to move.
	// The limit on reading ended with the request's last byte.
	_ = http.NewResponseController(w).SetWriteDeadline(a.o.Clock().Add(part + writeLimit))
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.polls, cancel)()
	document, done, err := see(ctx, part)
	if part < wait && !done && err == nil && ctx.Err() == nil {
		return wait - part, nil
	}
	return 0, reply(w, document, err)
}

// parked waits on a connection of which nothing but itself is held.
func (a *API) parked(w *recorder, c *parked.Conn, wait time.Duration, see look) {
	defer a.count(-1)
	defer func() { now := a.o.Clock(); c.Answer(now, now.Add(writeLimit)) }()
	defer a.log(w)
	defer a.recovered(w)
	document, _, err := see(c.Context(), wait)
	if err := reply(w, document, err); err != nil {
		a.refuse(w, err)
	}
}

func reply(w http.ResponseWriter, document []byte, err error) error {
	if err != nil || document == nil {
		return done(w, err)
	}
	write(w, http.StatusOK, document)
	return nil
}

func (a *API) count(more int) (held int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held += more
	if a.o.Held != nil {
		a.o.Held(a.held)
	}
	return a.held
}
