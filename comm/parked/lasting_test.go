package parked_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/parked"
)

// TestWhoSaysNoMoreMayStillWait: the server ends the context of a peer that says
// nothing more, and its request goes on; one that waits for nothing either is forgotten.
func TestWhoSaysNoMoreMayStillWait(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		peer, closes := context.WithCancel(context.WithValue(t.Context(), t, method))
		r, done := parked.Lasting(httptest.NewRequest(method, "/", nil).WithContext(peer))
		closes()
		if err := r.Context().Err(); err != nil {
			t.Errorf("%s has ended with its peer's last word: %v", method, err)
		}
		if r.Context().Value(t) != method {
			t.Errorf("%s has lost what the server says of it", method)
		}
		done()
		if r.Context().Err() == nil {
			t.Errorf("%s goes on when it was answered", method)
		}
	}
	peer, closes := context.WithCancel(t.Context())
	r, done := parked.Last(httptest.NewRequest("POST", "/", nil).WithContext(peer), time.Nanosecond)
	defer done()
	closes()
	select {
	case <-r.Context().Done():
	case <-time.After(patience):
		t.Error("a peer that has gone is never forgotten")
	}
}

// TestWhatChangesSomethingLastsLonger: a payment is not cut short like a look.
func TestWhatChangesSomethingLastsLonger(t *testing.T) {
	for method, want := range map[string]time.Duration{
		"GET": time.Second, "HEAD": time.Second, "POST": 10 * time.Second, "PUT": 10 * time.Second, "DELETE": 10 * time.Second,
	} {
		if got := parked.Lasts(method); got != want {
			t.Errorf("%s lasts %s", method, got)
		}
	}
}
