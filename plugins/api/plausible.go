package api

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Limits of what a plugin may say in one step. They stop nonsense before it
// costs anything; what a step may do is the managers' to judge.
const (
	maxWrites  = 256
	MaxWord    = 200       // bytes of a name, status, key's name, method, operation
	maxEntries = 64        // headers, choices, keys, instruments
	maxPatient = time.Hour // longest timeout that a plugin may ask for
)

// CheckStep refuses what only defective code puts into a step. For such a step the host ends
// the plugin, with all operations that it runs. So the SDK checks its steps before it sends
// them, and ends only the operation whose code is at fault. The host also checks what CheckStep
// does not: texts that may have come from anybody, and which classes a plugin may reach. Pure.
func CheckStep(s *protocol.Step) error {
	switch s.Kind {
	case protocol.StepUpdate:
		return checkWrites(s.Writes)
	case protocol.StepFetch:
		return checkFetch(s.Fetch)
	case protocol.StepAsk:
		if n := len(s.Prompt.Choices); n > maxEntries {
			return badFrame("a question with %d choices; %d are allowed", n, maxEntries)
		}
		if !utf8.ValidString(s.Prompt.Text) || slices.ContainsFunc(s.Prompt.Choices, func(c string) bool { return !utf8.ValidString(c) }) {
			return badFrame("a question is not in UTF-8")
		}
	case protocol.StepFind:
		if !Word(s.Find.Key) {
			return badFrame("%q is no name of a key", fault.Clip(s.Find.Key))
		}
		if !utf8.ValidString(s.Find.Value) {
			return badFrame("the %s that is looked for is not in UTF-8", s.Find.Key)
		}
	}
	return nil
}

func checkWrites(list []instrument.Instance) error {
	if len(list) == 0 || len(list) > maxWrites {
		return badFrame("a change of %d instances; %d are allowed", len(list), maxWrites)
	}
	for n := range list {
		i := &list[n]
		switch {
		case instrument.CheckID(i.ID) != nil:
			return badFrame("%q is no id of a %s", fault.Clip(string(i.ID)), i.Class)
		case i.Version < 0:
			return badFrame("%d is no version of a %s", i.Version, i.Class)
		case !Word(i.Status):
			return badFrame("%q is no status of a %s: one word of up to %d bytes is", fault.Clip(i.Status), i.Class, MaxWord)
		case !Line(string(i.Owner), MaxWord):
			return badFrame("%q is no owner of a %s", fault.Clip(string(i.Owner)), i.Class)
		case len(i.Keys) > maxEntries:
			return badFrame("a %s with %d keys; %d are allowed", i.Class, len(i.Keys), maxEntries)
		}
		for name, value := range i.Keys {
			if !Word(name) {
				return badFrame("%q is no name of a key", fault.Clip(name))
			}
			if !utf8.ValidString(value) {
				return badFrame("the %s of a %s is not in UTF-8", name, i.Class)
			}
		}
		if !utf8.ValidString(i.Name) {
			return badFrame("the name of a %s is not in UTF-8", i.Class)
		}
	}
	return nil
}

func checkFetch(r *protocol.Request) error {
	switch {
	case !Word(r.Method):
		return badFrame("%q is no method of a request", fault.Clip(r.Method))
	case len(r.Header) > maxEntries:
		return badFrame("a request with %d headers; %d are allowed", len(r.Header), maxEntries)
	case r.Timeout < 0 || r.Timeout > maxPatient:
		return badFrame("a request with a timeout of %s; up to %s is allowed", r.Timeout, maxPatient)
	case r.Limit < 0 || r.Limit > MaxResponse:
		return badFrame("a request with a limit of %d; up to %d is allowed", r.Limit, MaxResponse)
	}
	for name, value := range r.Header {
		if !Word(name) {
			return badFrame("%q is no name of a header", fault.Clip(name))
		}
		if !utf8.ValidString(value) {
			return badFrame("the header %s of a request is not in UTF-8", name)
		}
	}
	if !utf8.ValidString(r.Path) {
		return badFrame("the path of a request is not in UTF-8")
	}
	return nil
}

// Word reports whether a text is a short name without blanks.
func Word(s string) bool {
	return s != "" && len(s) <= MaxWord && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) })
}

// Line reports whether a text is one line of up to so many bytes, or empty.
func Line(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
