// Package check is `swaperoo config`: it finds out which party a data directory
// holds, shows its settings as they count, and tests all of them. What there is
// to test each party's own command package says.
package check

import (
	"errors"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// Findings are what a check has found out, in the order in which it looked.
type Findings []finding

type finding struct {
	What    string       `json:"what"`
	OK      bool         `json:"ok"`
	Fault   *fault.Fault `json:"error,omitempty"`
	Warning *fault.Fault `json:"warning,omitempty"` // of what is good, and needs somebody soon
}

// Note adds what became of looking at one thing.
func (f *Findings) Note(what string, err error) {
	*f = append(*f, finding{What: what, OK: err == nil, Fault: fault.From(err)})
}

// Warn adds what is good for now; nil adds nothing. It is no error of the command.
func (f *Findings) Warn(what string, about *fault.Fault) {
	if about != nil {
		*f = append(*f, finding{What: what, OK: true, Warning: about})
	}
}

// Plugins looks whether the plugins of a party can be started.
func (f *Findings) Plugins(c *host.Catalog) {
	all, err := c.List()
	if err != nil {
		f.Note("plugins", err)
	}
	for _, p := range house.Overlaps(all) {
		f.Note("plugin "+p.Name, p.Unready())
	}
}

// show prints the findings; the bad ones are the command's error, and the first
// of them its exit code.
func (f Findings) show(e *cli.Env) error {
	var bad error
	rows := make([][]string, len(f))
	for n, one := range f {
		rows[n] = []string{one.What, "ok", "", ""}
		if one.Warning != nil {
			rows[n] = []string{one.What, "ok, but", one.Warning.Message, one.Warning.Hint}
		}
		if !one.OK {
			rows[n] = []string{one.What, "bad", one.Fault.Message, one.Fault.Hint}
			bad = errors.Join(bad, one.Fault)
		}
	}
	if err := e.Table(map[string]any{"ok": bad == nil, "checks": f}, []string{"WHAT", "STATE", "WHY", "WHAT TO DO"}, rows); err != nil {
		return err
	}
	return cli.Reported(bad)
}
