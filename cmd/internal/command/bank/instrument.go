package bank

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
		Role: comm.Bank, Name: "bank", Many: true,
		Open: func(ctx context.Context, use func(context.Context, *house.House) error) error {
			return looking(ctx, e, false, func(h *house.House, _ settings) error { return use(ctx, h) })
		},
		Hint: "`bank provider add` makes a provider known; the bank makes the rest itself",
	})
}
