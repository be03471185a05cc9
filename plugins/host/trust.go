package host

import (
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// maxValue is how many bytes a key's value, path, header or prompt has at most. The
// other limits of a step are in package api, where the SDK finds them, too.
const maxValue = 4 << 10

// grants are the classes that one protocol of a plugin may speak about: its
// bundle's own in this role, and those that the protocol is compatible with.
type grants map[instrument.ClassID]bool

func grantsOf(v api.RoleView, p api.ProtocolView) grants {
	g := grants{}
	for _, c := range v.Classes {
		g[c.ID] = true
	}
	for _, c := range p.Compatible {
		g[c.Class] = true
	}
	return g
}

func (g grants) has(class instrument.ClassID) bool { return g[class] && class != "" }

// filter takes instances of other classes out of an answer, wherever they are in it.
func (g grants) filter(a protocol.Answer) protocol.Answer {
	if a.Instance != nil && !g.has(a.Instance.Class) {
		return protocol.Answer{Now: a.Now, Fault: fault.New(fault.Denied, "this plugin may not see a %s", a.Instance.Class).Because("class-not-granted")}
	}
	a.Ahead = g.ahead(a.Ahead)
	if a.Rewind != nil {
		again := *a.Rewind
		again.Ahead = g.ahead(again.Ahead)
		a.Rewind = &again
	}
	return a
}

// ahead is the answer ahead, or nil if the plugin may not see it.
func (g grants) ahead(a *protocol.Ahead) *protocol.Ahead {
	if a != nil && a.Instance != nil && !g.has(a.Instance.Class) {
		return nil
	}
	return a
}

// read takes a frame of steps that follow number seen; the first may have been answered ahead. The
// error says what no honest plugin sends. An honest plugin may pass on the text of a peer as a key,
// name, id or question. If such a text is unfit, the operation ends as if its code had failed.
func (g grants) read(w *wire.Steps, seen int, ahead *protocol.Ahead) ([]protocol.Step, error) {
	steps, err := api.ReadSteps(w)
	if err != nil {
		return nil, err
	}
	for n := range steps {
		s := &steps[n]
		if seen++; s.N != seen || seen > api.MaxSteps {
			return nil, wrong("step %d came where %d was due, of %d at most", s.N, seen, api.MaxSteps)
		}
		rides := s.Kind == protocol.StepSend || s.Kind == protocol.StepUpdate || n == 0 && len(steps) > 1 && ahead.Answers(*s)
		if last := n == len(steps)-1; rides == last {
			return nil, wrong("step %d rides at the end of a frame, or asks before it", s.N)
		}
		err := g.check(s)
		switch fault.ReasonOf(err) {
		case reasonKeyMalformed, reasonTextMalformed, reasonIDMalformed:
			return append(steps[:n], protocol.Step{N: s.N, Kind: protocol.StepResult, Fault: fault.From(err)}), nil
		}
		if err != nil {
			return nil, wrong("step %d, %s: %s", s.N, s.Kind, fault.From(err).Message)
		}
	}
	return steps, nil
}

func (g grants) check(s *protocol.Step) error {
	if err := api.CheckStep(s); err != nil {
		return err
	}
	switch s.Kind {
	case protocol.StepUpdate:
		return g.writes(s.Writes)
	case protocol.StepResult:
		s.Fault = cleaned(s.Fault)
	case protocol.StepFetch:
		return checkFetch(s.Fetch)
	case protocol.StepAsk:
		return checkPrompt(s.Prompt)
	case protocol.StepGet:
		return instrument.CheckID(s.Get)
	case protocol.StepFind:
		if !g.has(s.Find.Class) {
			return wrong("it looked for a class that it did not describe")
		}
		return checkKey(s.Find.Key, s.Find.Value)
	}
	return nil
}

func (g grants) writes(list []instrument.Instance) error {
	for _, i := range list {
		if !g.has(i.Class) {
			return wrong("it wrote an instance of a class that it did not describe")
		}
		if !api.Line(i.Name, api.MaxWord) {
			return unfit("the name of an instance of %s", string(i.Class), api.MaxWord)
		}
		for k, v := range i.Keys {
			if err := checkKey(k, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// Faults of texts that end an operation and not its plugin.
const (
	reasonKeyMalformed  fault.Reason = "key-malformed"
	reasonTextMalformed fault.Reason = "text-malformed"
	reasonIDMalformed   fault.Reason = "id-malformed" // see instrument.CheckID
)

// unfit is the fault of a text that cannot be what it is used as.
func unfit(what, of string, limit int) error {
	return fault.New(fault.Invalid, what+" has control characters or more than %d bytes", of, limit).Because(reasonTextMalformed)
}

// checkKey refuses an unfit text of a key.
func checkKey(name, value string) error {
	if api.Line(value, maxValue) {
		return nil
	}
	return fault.New(fault.Invalid, "the %s has control characters or more than %d bytes", name, maxValue).Because(reasonKeyMalformed)
}

func checkFetch(r *protocol.Request) error {
	if err := instrument.CheckID(r.Address); err != nil {
		return err
	}
	if !api.Line(r.Path, maxValue) {
		return unfit("the path of a request %s", r.Method, maxValue)
	}
	for k, v := range r.Header {
		if !api.Line(v, maxValue) {
			return unfit("the header %s of a request", k, maxValue)
		}
	}
	return nil
}

func checkPrompt(p *protocol.Prompt) error {
	if !prose(p.Text, maxValue) {
		return unfit("a question for %s", "a person", maxValue)
	}
	for _, c := range p.Choices {
		if !api.Line(c, api.MaxWord) {
			return unfit("a choice of a question for %s", "a person", api.MaxWord)
		}
	}
	return nil
}

// cleaned is a plugin's fault as a person may read it: no control characters,
// not too long, and never of the kind that only the host may use.
func cleaned(f *fault.Fault) *fault.Fault {
	if f == nil {
		return nil
	}
	c := &fault.Fault{Kind: f.Kind, Message: printable(f.Message, 1000), Hint: printable(f.Hint, 1000)}
	if api.Word(string(f.Reason)) {
		c.Reason = f.Reason
	}
	if c.Kind == fault.Suspended {
		c.Kind = fault.Internal
	}
	return c
}

// printable is up to so many bytes of a foreign text, as one line for people.
func printable(s string, limit int) string { return fault.Line(fault.ClipTo(s, limit)) }

// prose reports whether a text, which may have several lines, has no other control characters.
func prose(s string, limit int) bool {
	return len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' })
}

func wrong(format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because("frame-malformed")
}
