package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// Exit codes.
const (
	ExitOK       = 0
	ExitFailed   = 1
	ExitUsage    = 2
	ExitNotFound = 3
	ExitInput    = 4 // somebody must be asked, and nobody can be
	ExitRefused  = 5 // declined or refused
	ExitPending  = 6 // or the outcome is unknown: ask again
	ExitPlugin   = 7
	ExitNetwork  = 8
	ExitLocked   = 9
)

// ReasonInputNeeded marks a fault that a person's answer would cure.
const ReasonInputNeeded fault.Reason = "input-needed"

// ReasonUsage marks a command that was not called as it wants to be.
const ReasonUsage fault.Reason = "usage"

// Usage is a fault in the arguments of a command.
func Usage(format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because(ReasonUsage).WithHint("see --help")
}

// ExitCode is the one table from faults to exit codes.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	f := fault.From(err)
	switch {
	case f.Reason == ReasonInputNeeded, f.Reason == protocol.ReasonNoPerson, f.Reason == protocol.ReasonQuestionOver:
		return ExitInput
	case f.Reason == ReasonUsage || typed(err):
		return ExitUsage
	case f.Kind == fault.Unavailable && strings.HasPrefix(string(f.Reason), "plugin-"):
		return ExitPlugin
	}
	switch f.Kind {
	case fault.NotFound:
		return ExitNotFound
	case fault.Declined, fault.Denied, fault.Conflict:
		return ExitRefused
	case fault.Timeout, fault.Unknown:
		return ExitPending
	case fault.Unavailable:
		return ExitNetwork
	case fault.Locked:
		return ExitLocked
	}
	return ExitFailed
}

// Fail reports an error: one line with what failed, why and what to do next, or
// with --json an object on standard output, unless nothing can be written there. It
// returns the exit code.
func (e *Env) Fail(err error) int {
	if err == nil {
		return ExitOK
	}
	if _, ok := errors.AsType[*reported](err); ok {
		return ExitCode(err)
	}
	f := fault.From(err)
	f = f.WithHint("%s", next(f))
	if f.Reason == "" { // for scripts: no cause is known that is narrower than the kind
		f = f.Because(fault.Reason(f.Kind.String()))
	}
	if f.Message == "" { // a peer or a plugin can say so little
		f.Message = "it failed, and nobody says more than " + string(f.Reason)
	}
	if e.JSON && e.Print(map[string]any{"error": f}, "") == nil {
		return ExitCode(err)
	}
	line := "swaperoo: " + f.Message
	if f.Kind == fault.Internal {
		line = "swaperoo: " + err.Error() // the log of this process is this terminal
	}
	e.Say("%s", fault.Line(line+" — "+f.Hint))
	return ExitCode(err)
}

// Reported marks an error that the command's output has told already, such as by
// the last event of a stream: it only sets the exit code. Nil stays nil.
func Reported(err error) error {
	if err == nil {
		return nil
	}
	return &reported{err}
}

type reported struct{ cause error }

func (r *reported) Error() string { return r.cause.Error() }

func (r *reported) Unwrap() error { return r.cause }

// Input is the fault of a command that would have to ask.
func Input(what, hint string, args ...any) error {
	return fault.New(fault.Invalid, "%s", what).Because(ReasonInputNeeded).WithHint("%s", fmt.Sprintf(hint, args...))
}
