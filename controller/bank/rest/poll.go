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

// Where a request of a long poll waits: in its handler for a moment, then parked (see
// comm/parked). If many are held already, it is parked at once.
const (
	moment = time.Second
	many   = 256
)

// look reads what a request asks for. If that is not there yet, it waits for it, at most so
// long; done says that it is there. The end of the wait is no error: the document is what there
// is then. A document of nil is answered with 204.
type look func(ctx context.Context, wait time.Duration) (document []byte, done bool, err error)

// status answers with the withdrawal that a request names. A long poll (timeout_ms, or
// long_poll_ms as older clients spell it) is held while the withdrawal is in the state
// old_state, up to LongPollCap. of reads the withdrawal as the client may see it.
func (a *API) status(w http.ResponseWriter, r *http.Request, valid loginCheck, of func(context.Context, taler.WOPID, taler.LongPoll) (*taler.BankWithdrawalOperationStatus, error)) error {
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
	return a.hold(w, r, poll.Timeout, valid, func(ctx context.Context, wait time.Duration) ([]byte, bool, error) {
		out, err := of(ctx, id, taler.LongPoll{Timeout: wait, OldState: poll.OldState})
		if err != nil {
			return nil, false, err
		}
		document, err := encoded(out)
		return document, out.Status != poll.OldState, err
	})
}

// hold answers a request, and holds it for up to wait if see has nothing to answer with.
// At first it waits in the handler, for at most a moment: where programs pay each other that
// is all. After that, or at once if many are held, the connection is parked and the handler
// returns. If the server ends, everybody who is held is answered with what there is.
//
// A request that was held for longer than a moment is answered only if valid still accepts its
// login; it is nil where there is none.
func (a *API) hold(w http.ResponseWriter, r *http.Request, wait time.Duration, valid loginCheck, see look) error {
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
	if valid != nil {
		see = withLogin(see, valid)
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

// withLogin is a look at whose end the login is checked.
func withLogin(see look, valid loginCheck) look {
	return func(ctx context.Context, wait time.Duration) ([]byte, bool, error) {
		document, done, err := see(ctx, wait)
		if err == nil {
			err = valid(context.WithoutCancel(ctx)) // the end of a wait is the end of its context
		}
		return document, done, err
	}
}

// here waits in the handler, for a part of the whole wait, and answers if there is something to
// answer with or if that was all of it. Otherwise it answers nothing, and returns how much of
// the wait is left.
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

// parked waits for the rest of the time and answers on a connection that the server has given
// up, and gives it back. It runs on a goroutine of its own.
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

// reply answers with a document (200), or if it is nil without one (204). It writes nothing if
// there is an error, and returns it.
func reply(w http.ResponseWriter, document []byte, err error) error {
	if err != nil || document == nil {
		return done(w, err)
	}
	write(w, http.StatusOK, document)
	return nil
}

// count changes how many requests are held, and tells whoever wants to know.
func (a *API) count(more int) (held int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held += more
	if a.o.Held != nil {
		a.o.Held(a.held)
	}
	return a.held
}
