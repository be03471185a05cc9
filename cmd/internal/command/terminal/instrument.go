package terminal

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
)

func instruments(e *cli.Env) *cobra.Command {
	return byhand.Commands(e, byhand.Party{
		Role: comm.Vendor, Name: "terminal",
		Open: func(ctx context.Context, use func(context.Context, *house.House) error) error {
			return open(ctx, e, looking, func(ctx context.Context, t *terminal) error { return use(ctx, t.house) })
		},
		Hint: "`terminal provider add` makes a provider known; the terminal makes the rest itself",
	})
}
