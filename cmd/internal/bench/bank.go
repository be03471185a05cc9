package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/taler/load"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// What the measured bank is.
const (
	currency        = "CHF"
	exchangeAccount = taler.Payto("payto://iban/CH9300762011623852957?receiver-name=Exchange")
	providerName    = "cards"
	terminals       = 32
)

// opened is what a bank says first: where it is and who may talk to it.
type opened struct {
	URL       string       `json:"url"`
	Terminals []load.Login `json:"terminals"`
	Gateway   load.Login   `json:"gateway"`
}

// standing is what a bank says of itself: what it and its plugins have taken of
// the processors, what it has written, and what it needs.
type standing struct {
	Bank    time.Duration `json:"bank"`
	Plugins time.Duration `json:"plugins"`
	Commits uint64        `json:"commits"`
	Units   uint64        `json:"units"`
	Polls   int           `json:"polls"` // requests that wait, each on a connection and nothing else
	Memory  Memory        `json:"memory"`
}

// beBank is a bank whose provider answers from memory: every payment was made. A
// line with a number has it put so many rows into the exchange's history; for
// each line it says how it stands.
func (o Options) beBank(ctx context.Context, dir string, in io.Reader, out io.Writer) (err error) {
	serve.GrowHeap()
	o.fetch = paid{}
	h, err := o.open(ctx, dir, comm.Bank, bank.Policy())
	if err != nil {
		return err
	}
	b, err := bank.New(ctx, h.Controller, bank.Config{Currency: currency, ExchangeURL: "https://exchange.example.com/", ExchangeAccount: exchangeAccount})
	if err != nil {
		return errors.Join(err, h.Close(ctx))
	}
	defer func() { err = errors.Join(err, b.Close(ctx), h.Close(ctx)) }()
	api := rest.New(b, rest.Options{Clock: time.Now})
	server := rest.NewServer(api, rest.Limits{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(l) }()
	defer func() { err = errors.Join(err, server.Close()) }()
	first, err := addAccounts(ctx, b)
	if err != nil {
		return err
	}
	first.URL = "http://" + l.Addr().String() + "/"
	say := json.NewEncoder(out)
	err = say.Encode(first)
	for lines := bufio.NewScanner(in); err == nil && lines.Scan(); {
		if rows, numbered := strconv.Atoi(lines.Text()); numbered == nil {
			err = fillHistory(ctx, b, rows)
		}
		if err == nil {
			err = say.Encode(stand(h, api.Parked()))
		}
	}
	return err
}

// addAccounts makes the terminals and the exchange's account of a new bank.
func addAccounts(ctx context.Context, b *bank.Bank) (opened, error) {
	var out opened
	if err := b.AddProvider(ctx, bank.Provider{Name: providerName, Kind: "simulator", URL: "http://127.0.0.1/"}); err != nil {
		return out, err
	}
	for n := range terminals {
		login, token, err := b.AddTerminal(ctx, fmt.Sprintf("till-%d", n), providerName)
		if err != nil {
			return out, err
		}
		out.Terminals = append(out.Terminals, load.Login{Name: login, Token: token})
	}
	g, err := b.AddGateway(ctx, "exchange")
	out.Gateway = load.Login{Name: g.User, Token: g.Password}
	return out, err
}

func stand(h *house.House, polls int) standing {
	s := standing{Polls: polls}
	s.Bank, s.Plugins = Spent()
	written := h.Store.Stats()
	s.Commits, s.Units = written.Commits, written.Units
	s.Memory = needed()
	return s
}

// paid is a provider without a network in between that was paid everything.
type paid struct{}

// Fetch implements comm.Fetcher.
func (paid) Fetch(_ context.Context, r comm.Fetch) (comm.Fetched, error) {
	id := r.URL[strings.LastIndexByte(r.URL, '/')+1:]
	return comm.Fetched{Status: 200, Body: []byte(`{"id":"` + id + `","state":"paid","amount":"` + withdrawn + `","refunded":"CHF:0","reference":"` + id + `"}`)}, nil
}

// withdrawn is the amount of each withdrawal.
const withdrawn = "CHF:20"
