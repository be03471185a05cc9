package sdk

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/protocol"
)

// What the host takes of one step; see plugins/api/README.md.
const (
	maxWrites = 256
	maxKeys   = 64
	maxWord   = 200
)

// fit refuses steps for which the host ends a plugin, with all operations that it
// runs: here only the operation dies whose code has taken them, as if it had panicked.
// What a peer has said may be too long or strange without that; the host looks at it.
func (d *door) fit(steps []protocol.Step) error {
	for _, s := range steps {
		if why := unfit(s); why != "" {
			return fault.New(fault.Internal, "%s crashed: step %d, %s: %s", d.name, s.N, s.Kind, why).Because(protocol.ReasonCrashed)
		}
	}
	return nil
}

func unfit(s protocol.Step) string {
	switch s.Kind {
	case protocol.StepUpdate:
		return unfitWrites(s.Writes)
	case protocol.StepFind:
		if !word(s.Find.Key) {
			return fmt.Sprintf("%q is no name of a key", s.Find.Key)
		}
	case protocol.StepResult:
		if s.Result == nil {
			return ""
		}
		if len(s.Result.Value) > 0 && !instrument.ValidJSON(s.Result.Value) {
			return "the result is not JSON"
		}
		if _, err := api.ReadAmount(api.WriteAmount(s.Result.Amount)); err != nil {
			return "its amount cannot be one"
		}
	}
	return ""
}

func unfitWrites(list []instrument.Instance) string {
	if len(list) > maxWrites {
		return fmt.Sprintf("a change of %d instances; %d are allowed", len(list), maxWrites)
	}
	for _, i := range list {
		switch {
		case instrument.CheckID(i.ID) != nil:
			return fmt.Sprintf("%q is no id of a %s", i.ID, i.Class)
		case !word(i.Status):
			return fmt.Sprintf("%q is no status of a %s: one word is", i.Status, i.Class)
		case len(i.Keys) > maxKeys:
			return fmt.Sprintf("a %s with %d keys; %d are allowed", i.Class, len(i.Keys), maxKeys)
		case len(i.State) > 0 && !instrument.ValidJSON(i.State):
			return fmt.Sprintf("the state of a %s is not JSON", i.Class)
		}
		for name := range i.Keys {
			if !word(name) {
				return fmt.Sprintf("%q is no name of a key", name)
			}
		}
	}
	return ""
}

func word(s string) bool {
	return s != "" && len(s) <= maxWord && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
}
