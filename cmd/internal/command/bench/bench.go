// Package bench is `swaperoo bench`: how fast this machine is.
package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// measure is one thing that can be measured: `bench NAME`.
type measure struct {
	name, short string
	once        func(ctx context.Context, dir string) ([]result, error) // one round, in an empty folder
}

func all() []measure {
	return []measure{
		{"machine", "What this machine takes for what no program can go without", machine},
		{"payments", "Payments of a wallet at a vendor, in one session", payments},
		{"sessions", "What sessions that are open cost a vendor", sessions},
		{"withdrawals", "Whole withdrawals at a bank, by many tills and by one", withdrawals},
		{"history", "Pages of an exchange's history of a million rows", history},
		{"polls", "What requests that wait cost a bank, and how soon they are answered", polls},
	}
}

// result is one figure of one round.
type result struct {
	what, unit string
	value      float64
	limit      string // what was set, on a machine twice as fast as most; empty: nothing
	beside     string // what tells whether to believe it
}

// Command is `swaperoo bench`.
func Command(e *cli.Env) *cobra.Command {
	c := cli.Group("bench", "Measure this machine", listCommand(e))
	for _, m := range all() {
		c.AddCommand(command(e, m))
	}
	return c
}

func listCommand(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List what can be measured", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v, rows := []map[string]string{}, [][]string{}
			for _, m := range all() {
				v = append(v, map[string]string{"name": m.name, "measures": m.short})
				rows = append(rows, []string{m.name, m.short})
			}
			return e.Table(map[string]any{"benchmarks": v}, []string{"NAME", "MEASURES"}, rows)
		},
	}
}

func command(e *cli.Env, m measure) *cobra.Command {
	c := &cobra.Command{Use: m.name, Short: m.short, Args: cobra.NoArgs}
	rounds := c.Flags().Int("rounds", 3, "how often; the median is shown, with the lowest and the highest")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *rounds < 1 {
			return cli.Usage("%s needs a round", c.CommandPath())
		}
		var got [][]result
		for n := range *rounds {
			e.Say("round %d of %d", n+1, *rounds)
			round, err := inFolder(c.Context(), m)
			if err != nil {
				return err
			}
			got = append(got, round)
		}
		return show(e, got)
	}
	return c
}

// inFolder makes a round, of which nothing is left.
func inFolder(ctx context.Context, m measure) (_ []result, err error) {
	dir, err := os.MkdirTemp("", "swaperoo-bench-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil {
			err = gone
		}
	}()
	return m.once(ctx, dir)
}

// figure is one over all rounds.
type figure struct {
	What   string  `json:"what"`
	Median float64 `json:"median"`
	Lowest float64 `json:"lowest"`
	Most   float64 `json:"highest"`
	Unit   string  `json:"unit"`
	Limit  string  `json:"limit,omitempty"`
	Beside string  `json:"beside,omitempty"` // of the last round
}

func show(e *cli.Env, rounds [][]result) error {
	var figures []figure
	var rows [][]string
	for n, last := range rounds[len(rounds)-1] {
		var values []float64
		for _, r := range rounds {
			values = append(values, r[n].value)
		}
		slices.Sort(values)
		f := figure{last.what, (values[(len(values)-1)/2] + values[len(values)/2]) / 2, values[0], values[len(values)-1], last.unit, last.limit, last.beside}
		figures = append(figures, f)
		rows = append(rows, []string{f.What, short(f.Median) + " " + f.Unit, short(f.Lowest) + "–" + short(f.Most), f.Limit, f.Beside})
	}
	return e.Table(map[string]any{"figures": figures}, []string{"WHAT", "MEDIAN", "RANGE", "LIMIT", "BESIDE"}, rows)
}

// short writes three digits, or more before the point.
func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return strings.TrimSuffix(fmt.Sprintf("%.3g", v), ".0")
}
