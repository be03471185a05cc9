package client

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// quiet is how long one waits without a word, unless Wallet.Quiet says so.
const quiet = 5 * time.Second

// asks asks a bank for something that may be asked for again, a few times where it has
// failed for the time being: behind a proxy without a server, or cut off in the middle.
func (r *withdrawal) asks(ctx context.Context, ask func() error) error {
	pause := firstPause
	for range mends {
		err := ask()
		if !failing(err) {
			return err
		}
		r.waits("the bank does not answer: " + fault.From(err).Message)
		if sleep(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
	return ask()
}

// failing reports whether a server was reached and has not said anything, for now. Where
// nobody is, or somebody whom nobody trusts, a person looks at the address first; and who
// is silent was waited for already.
func failing(err error) bool {
	var way *net.OpError
	nobody := errors.As(err, &way) && way.Op == "dial" || comm.Untrusted(err)
	return (errors.Is(err, fault.Unavailable) || errors.Is(err, fault.Unknown)) && !nobody
}

// soon tells the person what is waited for if it lasts; stop ends that.
func (r *withdrawal) soon(what string) (stop func()) {
	var mu sync.Mutex
	over := false
	t := time.AfterFunc(cmp.Or(r.w.Quiet, quiet), func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			r.waits(what)
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}

// shows reports whether an exchange has shown its documents before: then its address
// is right, and a page that is none of its answers comes from somebody in front of it.
func (w *Wallet) shows(ctx context.Context, exchange instrument.ID) bool {
	i, err := w.Instruments().View(ctx, exchange)
	if err != nil {
		return false
	}
	e, err := exchangeOf(i)
	return err == nil && e.KeysAt > 0
}
