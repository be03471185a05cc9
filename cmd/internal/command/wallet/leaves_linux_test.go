package wallet

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// atTerminal is what a person types into who sits at a terminal.
func atTerminal(t *testing.T) *os.File {
	t.Helper()
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return tty
}

// TestWhoLeavesAtAQuestionHearsWhatHasHappened: with Control-C, before the first franc moves.
func TestWhoLeavesAtAQuestionHearsWhatHasHappened(t *testing.T) {
	tty := atTerminal(t)
	price := instrument.Amount{Currency: "CHF", Value: 5}
	bill := client.Bill{Class: "coupon", Terms: instrument.Terms{Price: price}}
	for _, row := range []struct {
		name, so string
		asks     func(context.Context, *wallet) error
	}{
		{"the price", "nothing was paid", func(ctx context.Context, w *wallet) error {
			_, err := w.agree(ctx, bill, price, false)
			return err
		}},
		{"the prices of several instruments", "nothing was paid", func(ctx context.Context, w *wallet) error {
			_, err := (&payer{w: w, asked: price}).Agree(ctx, []client.Bill{bill})
			return err
		}},
		{"which instrument", "nothing was paid", func(ctx context.Context, w *wallet) error {
			_, err := w.which()(ctx, nil)
			return err
		}},
		{"the preview of a withdrawal", "nothing was withdrawn", func(ctx context.Context, w *wallet) error {
			_, err := (&person{env: w.env}).Agree(ctx, client.Preview{Amount: price})
			return err
		}},
		{"another master key", "the key that was trusted is still trusted", func(ctx context.Context, w *wallet) error {
			_, err := w.replaceKey(ctx, client.Exchange{}, [32]byte{1}, false, nil)
			return err
		}},
		{"the fingerprint of a peer", "the peer is not trusted, and nothing was asked of it", func(ctx context.Context, w *wallet) error {
			return trust(w.env)(ctx, strings.Repeat("0", 52), comm.Address{Scheme: "wss", Host: "127.0.0.1:9", Path: "/"})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var messages bytes.Buffer
			e := &cli.Env{In: tty, Err: &messages, Environ: func(string) string { return "" }}
			ctx, leave := context.WithCancel(t.Context())
			leave()
			err := row.asks(ctx, &wallet{env: e})
			if code := e.Fail(err); code != cli.ExitPending || fault.ReasonOf(err) != cli.ReasonInterrupted {
				t.Errorf("exit code %d, %v", code, err)
			}
			if got := messages.String(); !strings.HasSuffix(got, "this was ended before there was an answer: "+row.so+" — start it again\n") {
				t.Errorf("a person reads %q", got)
			}
		})
	}
}
