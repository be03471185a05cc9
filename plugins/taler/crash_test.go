package taler_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/https"
	wire "github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol/protocoltest"
)

// The wallet dies when the exchange has signed and taken the money, before it
// heard so. Its next life sends the same bytes and has the same coins.
func TestAWalletThatDiesInTheMiddleLosesNothing(t *testing.T) {
	w := readyWallet(t)
	var log bytes.Buffer
	w.lives(t, &log)
	r := w.prepare("CHF:12.1", "CHF:12.1")
	signed, dead := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.mint.with(func() {
		w.mint.corrupt = func([]wire.BlindSignature) { once.Do(func() { close(signed); <-dead }) }
	})
	ended := make(chan error, 1)
	go func() {
		_, err := w.batch("WITHDRAW", r.Reserve, nil)
		ended <- err
	}()
	<-signed
	if err := w.Protocols.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	close(dead)
	if err := <-ended; err == nil {
		t.Fatal("the operation ended well in a life that was over")
	}
	if log.Len() > 0 {
		t.Errorf("a person who ends it reads %s", log.String())
	}

	w.lives(t, io.Discard)
	if status, reserve := w.reserve(r.Reserve); status != wire.ReserveSent || reserve.Batch == nil || len(w.coins()) != 0 {
		t.Fatalf("the next life finds the reserve %s", status)
	}
	if n, err := w.Protocols.Resume(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	result, err := w.Protocols.Await(t.Context(), w.Operations(t)[0].ID)
	got := valueOf[wire.WithdrawResult](t, result, err)
	spent, _ := got.Amount.Add(got.Fees)
	if left, _ := amount("CHF:12.1").Sub(spent); w.mint.balances[r.ReservePub] != left || got.Coins != len(w.coins()) {
		t.Errorf("%+v, and %s is left at the exchange", got, w.mint.balances[r.ReservePub])
	}
	if len(w.mint.requests) != 2 || !bytes.Equal(w.mint.requests[0], w.mint.requests[1]) {
		t.Error("the second life sent other bytes")
	}
}

// lives begins another life of the wallet, which writes its log for who watches it.
func (w *wallet) lives(t *testing.T, log io.Writer) {
	t.Helper()
	if err := w.Protocols.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	fetcher := https.New(https.Options{})
	t.Cleanup(fetcher.CloseIdle)
	w.Node = protocoltest.NewNode(t, protocoltest.Options{
		Role: comm.Client, Bundles: bundles(comm.Client), Fetch: fetcher.Fetch, Before: w.Node,
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
}
