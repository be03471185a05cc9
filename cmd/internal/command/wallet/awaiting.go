package wallet

import (
	"cmp"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// answerAfter is how long a peer takes to answer before the person is told that it
// is waited for: a payment may wait for a minute.
const answerAfter = 5 * time.Second

// awaiting says after a while for whom one waits, and how it is left; stop ends that.
// While a person is asked, it is for them that one waits.
func awaiting(e *cli.Env, peer string, after time.Duration) (stop func() bool) {
	return afterwards(after, e.Asking, func() {
		e.Say("%s has not answered yet. Control-C ends the wait and loses nothing: `wallet operation list` shows what is on its way.", cmp.Or(peer, "The peer"))
	})
}

// afterwards calls f after a while, and not yet if there is a reason then: after another.
// Once it is stopped there is no other.
func afterwards(after time.Duration, notYet func() bool, f func()) (stop func() bool) {
	var mu sync.Mutex
	var t *time.Timer
	over := false
	mu.Lock()
	defer mu.Unlock()
	t = time.AfterFunc(after, func() {
		if !notYet() {
			f()
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !over {
			t.Reset(after)
		}
	})
	return func() bool {
		mu.Lock()
		defer mu.Unlock()
		over = true
		return t.Stop()
	}
}
