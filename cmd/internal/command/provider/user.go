package provider

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
)

func userAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add", Short: "Make an application user of wallee's web service and write its key for a bank", Args: cobra.NoArgs}
	out := c.Flags().String("out", "", "`FILE` to write the user's key to")
	space := c.Flags().Int64("space", 0, "number of the space whose payments it may ask about")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := cli.Require(c, "out"); err != nil {
			return err
		}
		if *space <= 0 {
			return cli.Usage("%s needs --space, a number above 0", c.CommandPath())
		}
		made, err := written(c.Context(), e, *out, func(ctx context.Context, p *provider.Provider, f *os.File) (user, error) {
			return addUser(ctx, p, *space, f)
		})
		if err != nil {
			return err
		}
		return e.Print(made, "user %d of space %d; its key is in %s\n", made.User, made.Space, made.File)
	}
	return c
}

// user is what is said of a new user; its key is in the file only.
type user struct {
	File  string `json:"file"`
	Space int64  `json:"space"`
	User  int64  `json:"user"`
}

func addUser(ctx context.Context, p *provider.Provider, space int64, f *os.File) (user, error) {
	made, err := p.AddUser(ctx, space)
	if err != nil {
		return user{}, err
	}
	_, err = f.WriteString(made.Key + "\n")
	return user{f.Name(), made.Space, made.Number}, err
}
