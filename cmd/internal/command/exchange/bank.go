package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// bankFlags say where the exchange has its account and how it logs in there.
type bankFlags struct {
	url, user, password string
	credentials         string
}

func (b *bankFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&b.url, "bank", "", "`URL` of the bank's wire gateway; remembered, like its login")
	f.StringVar(&b.user, "user", "", "login at the bank")
	f.StringVar(&b.password, "password-file", "", "`FILE` that holds the password for it")
	f.StringVar(&b.credentials, "bank-credentials", "",
		"the exchange-credentials.conf of a bank, instead of the three above; the address in it may come later")
}

func (b bankFlags) check() error {
	given := 0
	for _, v := range []string{b.url, b.user, b.password} {
		if v != "" {
			given++
		}
	}
	if given != 0 && given != 3 {
		return cli.Usage("--bank, --user and --password-file go together")
	}
	if given == 3 && b.credentials != "" {
		return cli.Usage("--bank-credentials already says what --bank, --user and --password-file do")
	}
	return nil
}

// finder says which bank it is, as soon as that is known; none has no URL.
type finder func(ctx context.Context) (exchange.WireGateway, error)

// finder looks at the flags at once: what is wrong with them is found before
// anything listens.
func (b bankFlags) finder(ctx context.Context, e *cli.Env, x *exchange.Exchange) (finder, error) {
	if b.credentials != "" {
		return func(ctx context.Context) (exchange.WireGateway, error) {
			return awaitCredentials(ctx, e, b.credentials)
		}, nil
	}
	if b.url == "" {
		return func(ctx context.Context) (exchange.WireGateway, error) { return remembered(ctx, e, x) }, nil
	}
	if _, err := taler.CheckURL(b.url, e.AllowHTTP); err != nil {
		return nil, cli.Argument(err)
	}
	password, err := e.SecretFile(ctx, b.password)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (exchange.WireGateway, error) {
		return exchange.WireGateway{URL: b.url, User: b.user, Password: password}, nil
	}, nil
}

func remembered(ctx context.Context, e *cli.Env, x *exchange.Exchange) (exchange.WireGateway, error) {
	g, found, err := x.Gateway(ctx)
	if err == nil && !found {
		e.Say("no bank is known yet: money comes in by hand only; name one with --bank")
	}
	return g, err
}

// awaitCredentials waits until the bank has written its address into the file.
func awaitCredentials(ctx context.Context, e *cli.Env, path string) (exchange.WireGateway, error) {
	for {
		c, err := credentials.Read(path)
		if err == nil && c.URL != "" {
			if _, err := taler.CheckURL(c.URL, e.AllowHTTP); err != nil {
				return exchange.WireGateway{}, err
			}
			return exchange.WireGateway{URL: c.URL, User: c.User, Password: c.Password}, nil
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return exchange.WireGateway{}, err
		}
		if !sandbox.Timer(sandbox.RealTimer).Sleep(ctx, 100*time.Millisecond) {
			return exchange.WireGateway{}, ctx.Err()
		}
	}
}
