package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Table writes a list: v with --json, aligned columns under their titles on a
// terminal, else one line a row with tabs between the columns.
func (e *Env) Table(v any, titles []string, rows [][]string) error {
	var out strings.Builder
	if e.Terminal() {
		w := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
		for _, row := range append([][]string{titles}, rows...) {
			fmt.Fprintln(w, strings.Join(row, "\t"))
		}
		_ = w.Flush()
	} else {
		for _, row := range rows {
			fmt.Fprintln(&out, strings.Join(row, "\t"))
		}
	}
	return e.Print(v, "%s", out.String())
}
