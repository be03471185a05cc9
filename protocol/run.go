package protocol

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Run is the author's half of an operation: it runs p's DoOperation over a door, again from the
// top after each rewind, until the host has the result. The SDK calls it in the plugin, and the
// Manager in process, so that both behave alike. It fails if the door fails, if the host
// suspends the operation (fault.Suspended), and if DoOperation panics: that is a crash
// (ReasonCrashed) and no result.
func Run(ctx context.Context, p Protocol, b Begin, d Door, log *slog.Logger) error {
	return run(ctx, p, b, d, func() *slog.Logger { return log })
}

func run(ctx context.Context, p Protocol, b Begin, d Door, log func() *slog.Logger) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.Wrap(fmt.Errorf("%v\n%s", r, debug.Stack()), fault.Internal, "%s crashed in %s", p.Info().ID, b.Call.Operation).
				Because(ReasonCrashed)
		}
	}()
	for {
		s := newAuthor(ctx, b, d, log)
		result, failure := p.DoOperation(ctx, s, b.Call)
		if s.end == nil { // the host has not ended the run: the outcome counts
			s.finish(result, failure)
		}
		switch e := s.end; {
		case e.err != nil:
			return e.err
		case e.rewind == nil:
			return nil
		default:
			b = *e.rewind
		}
	}
}
