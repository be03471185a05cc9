//go:build unix

package crash_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// playBank is the main function of a bank that is going to be killed. It says when
// it listens, and ends with its standard input.
func playBank(p part) {
	if err := serveBank(p); err != nil {
		fmt.Fprintln(os.Stderr, "bank:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func serveBank(p part) error {
	ctx := context.Background()
	o := bankOptions(p.Dir)
	o.Alone = true
	if p.Early {
		o.Parts = func(c *controller.Parts) { c.Store = ahead{c.Store} }
		o.At = func(at protocol.Point) {
			if at == protocol.PointBeforeCommit { // a slow disk: there is time between an answer and its commit
				time.Sleep(10 * time.Millisecond)
			}
		}
	}
	h, err := house.Open(ctx, o)
	if err != nil {
		return err
	}
	b, err := bank.New(ctx, h.Controller, bankConfig())
	if err != nil {
		return err
	}
	if err := h.Resume(ctx, nil); err != nil {
		return err
	}
	door, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return err
	}
	server := rest.NewServer(rest.New(b, rest.Options{Clock: time.Now, Log: o.Log}), rest.Limits{})
	go func() { _ = server.Serve(door) }()
	(&party{}).tell(told{Key: h.Identity.KeyText()})
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = server.Close()
	return b.Close(ctx)
}

func bankOptions(dir string) house.Options {
	return house.Options{
		Files: house.Files{Dir: dir}, Role: comm.Bank, Name: "bank", Device: "server", Policy: bank.Policy(), AllowHTTP: true,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
}

func bankConfig() bank.Config {
	return bank.Config{
		Currency: banktest.Currency, ExchangeURL: banktest.ExchangeURL, ExchangeAccount: banktest.ExchangeAccount,
		Asking: bank.Asking{First: 5 * time.Millisecond, Longest: 50 * time.Millisecond},
	}
}

// ahead is the control that answers before the commit: a unit of work counts as
// done when it has run.
type ahead struct{ controller.Store }

func (a ahead) UpdateInstruments(ctx context.Context, unit func(instrument.Writer) error) error {
	return hasRun(func(run func(error) error) error {
		return a.Store.UpdateInstruments(context.WithoutCancel(ctx), func(w instrument.Writer) error { return run(unit(w)) })
	})
}

func (a ahead) UpdateOperations(ctx context.Context, unit func(protocol.Writer) error) error {
	return hasRun(func(run func(error) error) error {
		return a.Store.UpdateOperations(context.WithoutCancel(ctx), func(w protocol.Writer) error { return run(unit(w)) })
	})
}

// hasRun waits until a unit has run, and not until it is committed.
func hasRun(update func(run func(error) error) error) error {
	ran := make(chan error, 2)
	go func() {
		ran <- update(func(err error) error {
			if err == nil {
				ran <- nil
			}
			return err
		})
	}()
	return <-ran
}
