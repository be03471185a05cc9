package exchange

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// Party is what `swaperoo config` knows of a sandbox exchange.
func Party() check.Party {
	return check.Party{Name: "exchange", Here: here, Check: checkAll, Settings: func(e *cli.Env) (any, error) { return read(e) }}
}

func here(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, exchange.BooksName))
	return err == nil
}

func read(e *cli.Env) (*settings, error) {
	dir, err := e.PartyDir("exchange")
	if err != nil {
		return nil, err
	}
	var s settings
	return &s, config.Read(file(dir), &s, e.Environ)
}

func checkAll(ctx context.Context, e *cli.Env) (found check.Findings, err error) {
	if _, err := read(e); err != nil {
		return nil, err
	}
	dir, err := e.PartyDir("exchange")
	if err != nil {
		return nil, err
	}
	x, err := exchange.Open(dir, exchange.Options{Clock: time.Now, Log: e.Log()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = x.Close() }() // it was looked at only
	found.Note("settings, keys and books", nil)
	g, known, err := x.Gateway(ctx)
	if err == nil && known {
		found.Note("bank "+g.URL, checkGateway(ctx, e, g))
	}
	return found, err
}

// checkGateway looks whether the bank is there, and takes the exchange's login.
func checkGateway(ctx context.Context, e *cli.Env, g exchange.WireGateway) error {
	if _, err := taler.CheckURL(g.URL, e.AllowHTTP); err != nil {
		return err
	}
	client, err := taler.NewClient(g.URL, http.DefaultClient, taler.Basic(g.User, g.Password))
	if err != nil {
		return err
	}
	if _, err := client.WireConfig(ctx); err != nil {
		return err
	}
	_, err = client.Incoming(ctx, taler.Page{Rows: 1})
	return err
}
