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
)

// quiet is how long one waits without a word, unless Wallet.Quiet says so.
const quiet = 5 * time.Second

// retries is how often a request that has failed for the time being is made again.
const retries = 5

// waitedFor is how long a question has lasted if it was waited for its answer, which was not merely cut off.
const waitedFor = 10 * time.Second

// askPatiently asks a bank for something that may be asked for again, a few times where it has
// failed for the time being: behind a proxy without a server, or cut off in the middle.
func (r *withdrawal) askPatiently(ctx context.Context, ask func() error) error {
	pause := firstPause
	for range retries {
		err := ask()
		if !failing(err) {
			return err
		}
		r.tellWaiting("the bank does not answer: " + fault.From(err).Message)
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

// tellIfSlow tells the person what is waited for if it lasts; stop ends that.
func (r *withdrawal) tellIfSlow(what string) (stop func()) {
	var mu sync.Mutex
	over := false
	t := time.AfterFunc(cmp.Or(r.w.Quiet, quiet), func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			r.tellWaiting(what)
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
	}
}
