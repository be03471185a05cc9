package rest_test

import (
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
	"github.com/swaperoo/swaperoo/controller/store"
)

// TestACrowdIsNoError: one request too many for one withdrawal is told to come again, and makes no
// line among the errors, which strangers could fill a disk with.
func TestACrowdIsNoError(t *testing.T) {
	var l lines
	var slow atomic.Bool
	goOn := make(chan struct{})
	h := open(t, banktest.Options{
		Rest: rest.Options{Log: slog.New(slog.NewTextHandler(&l, &slog.HandlerOptions{Level: slog.LevelError}))},
		Store: store.Options{BeforeCommit: func(int) error {
			if slow.Load() {
				<-goOn
			}
			return nil
		}},
	})
	id := setUp(t, h, "one")
	r := request{method: "POST", path: "/taler-integration/withdrawal-operation/" + id.Text(), body: `{"reserve_pub":"` + key(1).String() + `","selected_exchange":"` + goodExchange + `"}`}
	slow.Store(true)
	ctx, answers := withTimeout(t), make(chan response, 65)
	var crowd sync.WaitGroup
	for range cap(answers) {
		crowd.Go(func() {
			got, err := try(ctx, h.URL, r)
			if err != nil {
				t.Error(err)
			}
			answers <- got
		})
	}
	refusal := <-answers
	close(goOn)
	crowd.Wait()
	if refusal.status != 503 || refusal.header.Get("Retry-After") != "1" {
		t.Errorf("one too many is told %d %s", refusal.status, refusal.body)
	}
	for range cap(answers) - 1 {
		if got := <-answers; got.status != 200 {
			t.Errorf("one of the others is told %d %s", got.status, got.body)
		}
	}
	if text := l.String(); strings.Contains(text, "msg=request") {
		t.Errorf("the errors are %s", text)
	}
}
