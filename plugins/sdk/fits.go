package sdk

import (
	"fmt"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/protocol"
)

// fit refuses steps for which the host would end this plugin, with all operations that it
// runs. Here only the operation ends whose code has taken them, as if it had panicked. Texts
// that a peer may have sent, and that are too long or odd, are left to the host.
func (d *door) fit(steps []protocol.Step) error {
	for _, s := range steps {
		if why := unfit(s); why != "" {
			return fault.New(fault.Internal, "%s crashed: step %d, %s: %s", d.name, s.N, s.Kind, why).Because(protocol.ReasonCrashed)
		}
	}
	return nil
}

func unfit(s protocol.Step) string {
	if err := api.CheckStep(&s); err != nil {
		return fault.From(err).Message
	}
	switch s.Kind {
	case protocol.StepUpdate:
		for _, i := range s.Writes {
			if len(i.State) > 0 && !instrument.ValidJSON(i.State) {
				return fmt.Sprintf("the state of a %s is not JSON", i.Class)
			}
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
