package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Table writes a list: v with --json, aligned columns under their titles on a
// terminal, else one line a row with tabs between the columns.
func (e *Env) Table(v any, titles []string, rows [][]string) error {
	var out strings.Builder
	for _, row := range rows {
		for n, cell := range row {
			row[n] = fault.Line(cell) // a line is a row
		}
	}
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
