package card_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/https"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// The terminal dies when the provider has charged the card, before it heard so.
// Its next life goes on: the same request under the same key charges once.
func TestATerminalThatDiesInTheMiddleChargesOnce(t *testing.T) {
	s := openShop(t)
	charged, dead := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.books.misbehave(func(http.ResponseWriter, *payment) bool {
		once.Do(func() { close(charged); <-dead })
		return false
	})
	ended := make(chan error, 1)
	go func() {
		_, err := s.charge("approved", "W1", "CHF:20")
		ended <- err
	}()
	<-charged
	if err := s.Servicer.Protocols.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	close(dead)
	if err := <-ended; err == nil {
		t.Fatal("the operation ended well in a life that was over")
	}

	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	s.Servicer = protocoltest.NewNode(t, protocoltest.Options{Role: comm.Vendor, Bundles: bundles(comm.Vendor), Fetch: fetcher.Fetch, Before: s.Servicer})
	if n, err := s.Servicer.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	begun := s.Servicer.Operations(t)[0].ID
	if _, err := s.Servicer.Protocols.Await(t.Context(), begun); err != nil || s.booked("W1").State != "paid" {
		t.Fatalf("the operation ended with %v; the payment is %s", err, s.booked("W1").State)
	}
	got, err := s.charge("approved", "W1", "CHF:20")
	if err != nil || got.State != "paid" || s.books.paid("W1") != 1 {
		t.Errorf("%+v, %v; the card was charged %d times", got, err, s.books.paid("W1"))
	}
}
