package bank

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/protocol"
)

func operationList(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List operations, newest first", Args: cobra.NoArgs}
	limit := c.Flags().Int("limit", 100, "at most so many; 0: all")
	state := c.Flags().String("state", "", "only those that are running, ended or stuck")
	c.RunE = func(c *cobra.Command, _ []string) error {
		return beside(c.Context(), e, func(b *bank.Bank, _ settings) error {
			all, err := b.Protocols().Records(c.Context(), protocol.Filter{State: protocol.State(*state), Limit: *limit})
			if err != nil {
				return err
			}
			rows := [][]string{}
			for _, r := range all {
				rows = append(rows, []string{string(r.ID), string(r.State), r.Protocol, r.Operation, r.Begun.UTC().Format(time.RFC3339), ended(r)})
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
				found, err := b.Protocols().Records(c.Context(), protocol.Filter{Prefix: args[0], Limit: 2})
				switch {
				case err != nil:
					return err
				case len(found) == 0:
					return fault.New(fault.NotFound, "there is no such operation").Because("operation-unknown")
				case len(found) > 1:
					return fault.New(fault.Conflict, "more than one operation begins like that").Because("operation-ambiguous").WithHint("give more of it")
				}
				r := found[0]
				return e.Print(r, "%s is %s\n%s %s %s\n%s\n", r.ID, r.State, r.Protocol, r.Operation, r.Class, ended(r))
			})
		},
	}
}

// ended is why an operation failed.
func ended(r protocol.Record) string {
	if r.Fault == nil {
		return ""
	}
	return r.Fault.Message
}
