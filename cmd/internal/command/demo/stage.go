package demo

import (
	"context"
	"maps"

	"golang.org/x/sync/errgroup"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

// What the parties of the demo call each other.
const (
	providerName = "sandbox-cards"
	terminalName = "till-1"
)

// stage is the five parties, ready.
type stage struct {
	env    *cli.Env
	plan   plan
	troupe *troupe
	urls   map[string]string // what listens, by name

	passphrase string // file of the wallet's
	token      string // file of the terminal's
	card       string // file of the wallet's card
}

// prepare makes the parties and starts those that serve. Those that do not need each other
// begin at the same time: making the exchange's keys takes longest.
func prepare(ctx context.Context, e *cli.Env, t *troupe, p plan) (*stage, error) {
	s := &stage{env: e, plan: p, troupe: t, urls: map[string]string{}}
	e.Say("Making keys and accounts of five parties in %s", t.dir)
	var account, provider string
	var together errgroup.Group
	together.Go(func() (err error) { account, err = s.makeExchange(ctx); return err })
	together.Go(func() (err error) { provider, err = s.makeProvider(ctx); return err })
	together.Go(func() error { return s.makeWallet(ctx) })
	if err := together.Wait(); err != nil {
		return nil, err
	}
	s.urls[serve.Provider] = provider
	if err := s.startExchange(ctx); err != nil {
		return nil, err
	}
	if err := s.startBank(ctx, account); err != nil {
		return nil, err
	}
	return s, s.makeTerminal(ctx)
}

func (s *stage) makeExchange(ctx context.Context) (account string, err error) {
	args := []string{"exchange", "init", "--dir", s.troupe.path("exchange"), "--currency", s.plan.amount.Currency}
	if s.plan.protocol != "" {
		args = append(args, "--protocol", s.plan.protocol)
	}
	var made struct {
		Account string `json:"account"`
	}
	err = s.troupe.call(ctx, &made, args...)
	return made.Account, err
}

func (s *stage) makeProvider(ctx context.Context) (url string, err error) {
	urls, err := s.troupe.server(ctx, 1, "provider")
	if err != nil {
		return "", err
	}
	s.card = s.troupe.path("card.json")
	return urls[serve.Provider], s.troupe.call(ctx, nil, "provider", "card", "add", "--dir", s.troupe.path("provider"), "--out", s.card)
}

// makeWallet makes a wallet whose passphrase nobody knows: it is in a file.
func (s *stage) makeWallet(ctx context.Context) (err error) {
	if s.passphrase, err = s.troupe.secret("passphrase", ""); err != nil {
		return err
	}
	return s.wallet(ctx, nil, "init")
}

// wallet runs a command of the wallet.
func (s *stage) wallet(ctx context.Context, into any, args ...string) error {
	return s.troupe.call(ctx, into, s.walletArgs(args...)...)
}

func (s *stage) walletArgs(args ...string) []string {
	return append(append([]string{"wallet"}, args...), "--dir", s.troupe.path("wallet"), "--passphrase-file", s.passphrase)
}

// startExchange has the exchange wait for the login that the bank will write.
func (s *stage) startExchange(ctx context.Context) error {
	urls, err := s.troupe.server(ctx, 1, "exchange", "--bank-credentials", s.credentials())
	s.urls[serve.Exchange] = urls[serve.Exchange]
	return err
}

func (s *stage) credentials() string { return s.troupe.path("bank/" + credentials.Name) }

func (s *stage) startBank(ctx context.Context, account string) error {
	dir := s.troupe.path("bank")
	err := s.troupe.call(ctx, nil, "bank", "init", "--dir", dir, "--currency", s.plan.amount.Currency,
		"--exchange-url", s.urls[serve.Exchange], "--exchange-account", account)
	if err != nil {
		return err
	}
	if err := s.troupe.call(ctx, nil, "bank", "provider", "add", providerName, "--dir", dir, "--kind", "simulator", "--url", s.urls[serve.Provider]); err != nil {
		return err
	}
	urls, err := s.troupe.server(ctx, 4, "bank")
	maps.Copy(s.urls, urls)
	return err
}

// makeTerminal gives the terminal its account at the bank, which runs already,
// and its provider.
func (s *stage) makeTerminal(ctx context.Context) error {
	var account struct {
		Login string `json:"login"`
		Token string `json:"token"`
	}
	err := s.troupe.call(ctx, &account, "bank", "terminal", "add", terminalName, "--dir", s.troupe.path("bank"), "--provider", providerName)
	if err != nil {
		return err
	}
	if s.token, err = s.troupe.secret("terminal-token", account.Token); err != nil {
		return err
	}
	dir := s.troupe.path("terminal")
	err = s.troupe.call(ctx, nil, "terminal", "init", "--dir", dir, "--bank", s.urls[serve.Terminal], "--login", account.Login, "--token-file", s.token)
	if err != nil {
		return err
	}
	return s.troupe.call(ctx, nil, "terminal", "provider", "add", providerName, "--dir", dir, "--kind", "simulator", "--url", s.urls[serve.Provider])
}
