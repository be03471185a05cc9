package wallet

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// TestWhoIsWaitedForIsSaid: once, and not by whoever was answered before.
func TestWhoIsWaitedForIsSaid(t *testing.T) {
	said := make(chan string, 2)
	e := &cli.Env{Out: io.Discard, Err: sayer(said)}
	if stop := awaiting(e, "early", time.Hour); !stop() {
		t.Error("it could not be ended in time")
	}
	stop := awaiting(e, "shop", 0)
	if text := <-said; !strings.HasPrefix(text, "shop has not answered yet. Control-C") {
		t.Errorf("it says %q", text)
	}
	if stop() || len(said) != 0 {
		t.Error("it says more")
	}
}

type sayer chan string

func (s sayer) Write(p []byte) (int, error) {
	s <- string(p)
	return len(p), nil
}

// TestNobodyWaitsForThePeerOfAQuestion: what stands there is a question, and its
// answer is waited for.
func TestNobodyWaitsForThePeerOfAQuestion(t *testing.T) {
	looks, said := 0, make(chan int, 2)
	stop := afterwards(0, func() bool { looks++; return looks < 3 }, func() { said <- looks })
	if n := <-said; n != 3 {
		t.Errorf("it is said at the %d. look", n)
	}
	if stop() || len(said) != 0 {
		t.Error("it says more")
	}
}

// TestWhatIsStoppedLooksNoMore: also where it is stopped while it looks.
func TestWhatIsStoppedLooksNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int64
		made := make(chan func() bool, 1)
		made <- afterwards(time.Second, func() bool {
			first := looks.Add(1) == 1
			if first {
				(<-made)()
			}
			return first
		}, func() { t.Error("it says something") })
		<-time.After(time.Hour) // of a clock that stands while anybody works
		if n := looks.Load(); n != 1 {
			t.Errorf("it has looked %d times", n)
		}
	})
}
