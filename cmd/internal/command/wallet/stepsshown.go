package wallet

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// step is what one says of itself, as a line of JSON or to a person.
type step interface{ lines() []string }

// print writes a step. What others have said in it may have numbers that are larger than
// ours: they stay as they are.
func (s *steps) print(name string, v step) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "a step cannot be written as JSON")
	}
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&members); err != nil {
		return fault.Wrap(err, fault.Internal, "a step cannot be written as JSON")
	}
	members["step"] = name
	return s.w.env.Print(members, "%s\n", inLines(v))
}

// inLines is a step for a person. Each line of it is one, whatever others have said in it:
// else a vendor's terms could go on with an offer that it has not made.
func inLines(v step) string {
	lines := v.lines()
	for n := range lines {
		lines[n] = fault.Line(lines[n])
	}
	return strings.Join(lines, "\n")
}

// The steps as they are shown.
type (
	initiated struct {
		Peer string `json:"peer"`
		Role string `json:"role"`
		PNP  string `json:"pnp"`
	}
	offer struct {
		Class  instrument.ClassID `json:"class"`
		Price  instrument.Amount  `json:"price,omitzero"`
		Terms  string             `json:"terms,omitempty"`
		Signed bool               `json:"signed"`
	}
	classes struct {
		Classes []offer `json:"classes"`
	}
	protocols struct {
		Class     instrument.ClassID `json:"class"`
		Protocols []string           `json:"protocols"`
	}
	selected struct {
		Class    instrument.ClassID `json:"class"`
		Protocol string             `json:"protocol"`
	}
	available struct {
		Class      instrument.ClassID `json:"class"`
		Operations []string           `json:"operations"`
		// Wants is what those that say so want of instruments.
		Wants map[string]protocol.Wants `json:"wants,omitempty"`
	}
	had struct {
		ID     instrument.ID `json:"id"`
		Name   string        `json:"name,omitempty"`
		Status string        `json:"status"`
	}
	owned struct {
		Class       instrument.ClassID `json:"class"`
		Instruments []had              `json:"instruments"`
	}
	executed struct {
		Class     instrument.ClassID `json:"class"`
		Operation string             `json:"name"`                // as in the list of operations
		ID        string             `json:"operation,omitempty"` // where it has a key
		protocol.Result
	}
	refusal struct {
		Fault *fault.Fault `json:"error"`
	}
)

func (i initiated) lines() []string {
	return []string{line("A session with", i.Peer+", a", i.Role+", which negotiates with", i.PNP)}
}

func (c classes) lines() []string {
	var out []string
	for _, o := range c.Classes {
		out = append(out, line("  "+string(o.Class), money(o.Price), terms(o.Terms)))
	}
	return out
}

func (p protocols) lines() []string { return []string{"  " + strings.Join(p.Protocols, ", ")} }

func (c selected) lines() []string { return []string{"  " + c.Protocol} }

func (a available) lines() []string {
	out := slices.Clone(a.Operations)
	for n, name := range out {
		if a.Wants[name] == protocol.WantsNone {
			out[n] = name + " (without an instrument)"
		}
	}
	return []string{"  " + strings.Join(out, ", ")}
}

func (h owned) lines() []string {
	var out []string
	for _, i := range h.Instruments {
		out = append(out, line("  "+string(i.ID), i.Status, i.Name))
	}
	return out
}

func (x executed) lines() []string {
	moved := ""
	if x.Amount != (instrument.Amount{}) {
		moved = x.Amount.String()
	}
	return []string{line("  Done:", x.Operation, moved, string(x.Value))}
}

func (r refusal) lines() []string {
	text := line("  Refused:", r.Fault.Message)
	if r.Fault.Reason != "" {
		text += " (" + string(r.Fault.Reason) + ")"
	}
	if r.Fault.Hint != "" {
		text += " — " + r.Fault.Hint
	}
	return []string{text}
}
