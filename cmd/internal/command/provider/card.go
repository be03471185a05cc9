package provider

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

func cardAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add", Short: "Open an account and write a test card for a wallet", Args: cobra.NoArgs}
	out := c.Flags().String("out", "", "`FILE` to write the card to; it holds the card's key")
	behaviour := c.Flags().String("behaviour", string(provider.Approved), "what the card does: approved, declined, timeout or pending")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := cli.Require(c, "out"); err != nil {
			return err
		}
		b, err := provider.ParseBehaviour(*behaviour)
		if err != nil {
			return cli.Argument(err)
		}
		made, err := written(c.Context(), e, *out, func(ctx context.Context, p *provider.Provider, f *os.File) (card, error) {
			return addCard(ctx, p, b, f)
		})
		if err != nil {
			return err
		}
		return e.Print(made, "%s card ending in %s, account %s, is in %s\n", made.Brand, made.Last4, made.Account, made.File)
	}
	return c
}

// card is what is said of a new card; its key is in the file only.
type card struct {
	File      string             `json:"file"`
	Account   string             `json:"account"`
	Brand     string             `json:"brand"`
	Last4     string             `json:"last4"`
	Behaviour provider.Behaviour `json:"behaviour"`
}

func addCard(ctx context.Context, p *provider.Provider, b provider.Behaviour, f *os.File) (card, error) {
	made, err := p.AddCard(ctx, b)
	if err != nil {
		return card{}, err
	}
	defer made.Key.Wipe()
	text, err := made.File()
	if err != nil {
		return card{}, err
	}
	defer clear(text)
	_, err = f.Write(text)
	return card{f.Name(), made.Account, made.Brand, made.Last4, b}, err
}
