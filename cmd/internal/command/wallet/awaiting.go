package wallet

import (
	"cmp"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// answerAfter is how long a peer takes to answer before the person is told that it
// is waited for: a payment may wait for a minute.
const answerAfter = 5 * time.Second

// awaiting says after a while for whom one waits, and how it is left; stop ends that.
func awaiting(e *cli.Env, peer string, after time.Duration) (stop func() bool) {
	return time.AfterFunc(after, func() {
		e.Say("%s has not answered yet. Control-C ends the wait and loses nothing: `wallet operation list` shows what is on its way.", cmp.Or(peer, "The peer"))
	}).Stop
}
