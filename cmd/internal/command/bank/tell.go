package bank

import (
	"context"
	"errors"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// tellConfigured is tellExchanges of the address in the settings, so that a file may
// be sent to an exchange before the bank has ever listened. Without such an address
// only the bank that listens knows where it is.
func tellConfigured(ctx context.Context, f house.Files, b *bank.Bank, s settings) error {
	if s.URL == "" {
		return nil
	}
	return tellExchanges(ctx, f, b, s.gatewayURL)
}

// tellExchanges writes where the wire gateways are into the files for the
// exchanges, where that has changed. A file that the operator has moved away
// stays away.
func tellExchanges(ctx context.Context, f house.Files, b *bank.Bank, at func(bank.Exchange) string) error {
	all, err := b.Exchanges(ctx)
	for _, x := range all {
		err = errors.Join(err, tellExchange(credentialsOf(f, x), at(x)))
	}
	return err
}

func tellExchange(path, url string) error {
	c, err := credentials.Read(path)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || c.URL == url {
		return err
	}
	c.URL = url
	return credentials.Write(path, c)
}
