package bank

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/operation"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/protocol"
)

func operationList(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List operations, newest first", Args: cobra.NoArgs}
	number := c.Flags().IntP("number", "n", 100, "how many operations; 0: all")
	state := c.Flags().String("state", "", "only those that are running, ended or stuck")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			all, err := b.Protocols().Records(c.Context(), protocol.Filter{State: protocol.State(*state), Limit: *number})
			if err != nil {
				return err
			}
			rows := [][]string{}
			for n, r := range all {
				all[n].Result = nil // for `operation show`
				rows = append(rows, []string{string(r.ID), string(r.State), r.Protocol, r.Operation, r.Begun.UTC().Format(time.RFC3339), operation.Failure(r)})
			}
			if all == nil {
				all = []protocol.Record{}
			}
			return e.Table(map[string]any{"operations": all}, []string{"OPERATION", "STATE", "PROTOCOL", "NAME", "BEGUN", "FAULT"}, rows)
		})
	}
	return c
}

func operationShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show OPERATION", Short: "Show one operation and its answer", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
				return operation.Show(c.Context(), e, b.Protocols(), args[0])
			})
		},
	}
}
