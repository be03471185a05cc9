package operation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/protocol"
)

// Which are the operations that `operation list` shows.
type Which struct {
	number int
	state  string
}

// Flags adds the flags of `operation list`.
func (w *Which) Flags(c *cobra.Command) {
	f := c.Flags()
	f.IntVarP(&w.number, "number", "n", 100, "how many operations; 0: all")
	f.StringVar(&w.state, "state", "", "of the operations only those that are running, ended or stuck")
}

// Records are those operations, newest first. Their results are for `operation
// show`: they may hold what a list should not.
func (w *Which) Records(ctx context.Context, m *protocol.Manager) ([]protocol.Record, error) {
	switch {
	case w.number < 0:
		return nil, cli.Usage("-n is at least 0, which is all")
	case w.state != "" && !slices.Contains([]protocol.State{protocol.Running, protocol.Ended, protocol.Stuck}, protocol.State(w.state)):
		return nil, cli.Usage("an operation is running, ended or stuck, not %s", w.state)
	}
	found, err := m.Look(ctx, protocol.Filter{State: protocol.State(w.state), Limit: w.number})
	if err != nil {
		return nil, err
	}
	for n := range found {
		found[n].Result = nil
	}
	return append([]protocol.Record{}, found...), nil
}

// Columns are those of `operation list`, of operations and of what else a party
// shows with them.
func Columns() []string { return []string{"OPERATION", "BEGUN", "WHAT", "OF", "STATE"} }

// Row is an operation in these columns.
func Row(r protocol.Record, note string) []string {
	return []string{string(r.ID), r.Begun.UTC().Format(time.RFC3339), r.Protocol + " " + r.Operation, string(r.Class), state(r, note)}
}

func state(r protocol.Record, note string) string {
	text := string(r.State)
	if r.Fault != nil {
		text += " " + cmp.Or(string(r.Fault.Reason), r.Fault.Kind.String())
	}
	if note != "" {
		text += " " + note
	}
	return text
}

// List is `operation list` of a party that has nothing else to show with them.
func List(e *cli.Env, beside Open) *cobra.Command {
	var which Which
	c := &cobra.Command{
		Use: "list", Short: "List operations, newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return beside(c.Context(), func(ctx context.Context, m *protocol.Manager) error {
				all, err := which.Records(ctx, m)
				if err != nil {
					return err
				}
				rows := [][]string{}
				for _, r := range all {
					rows = append(rows, Row(r, ""))
				}
				return e.Table(map[string]any{"operations": all}, Columns(), rows)
			})
		},
	}
	which.Flags(c)
	return c
}

// Show is `operation show`.
func Show(e *cli.Env, beside Open) *cobra.Command {
	return &cobra.Command{
		Use: "show OPERATION", Short: "Show one operation and its answer", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return beside(c.Context(), func(ctx context.Context, m *protocol.Manager) error { return Tell(ctx, e, m, args[0], nil) })
		},
	}
}

// Tell shows the operation of that name, as a party knows it if that knows more: what it is for
// programs, and a note for people.
func Tell(ctx context.Context, e *cli.Env, m *protocol.Manager, name string, known func(protocol.Record) (shown any, note string)) error {
	id, err := m.Named(ctx, name)
	if fault.KindOf(err) == fault.Invalid {
		return cli.Argument(err)
	}
	if err != nil {
		return err
	}
	found, err := m.Look(ctx, protocol.Filter{Prefix: string(id), Limit: 1})
	if err != nil || len(found) == 0 {
		return err
	}
	r := found[0]
	shown, note := any(r), ""
	if known != nil {
		shown, note = known(r)
	}
	row := Row(r, note)
	rows := [][]string{{"operation", row[0]}, {"what", row[2] + " " + row[3]}, {"state", row[4]}, {"begun", row[1]}}
	if key, err := crypto.ParseKey(r.Peer); err == nil {
		rows = append(rows, []string{"peer", crypto.Fingerprint(key)})
	}
	if r.Result != nil && !r.Result.Amount.IsZero() {
		rows = append(rows, []string{"amount", r.Result.Amount.String()})
	}
	if r.Fault != nil {
		rows = append(rows, []string{"failed", r.Fault.Message})
	}
	return e.Table(shown, []string{"", ""}, rows)
}
