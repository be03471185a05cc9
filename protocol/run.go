package protocol

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Run is the author's half of an operation: it runs p's DoOperation over a
// door until the host says that it is done, running it again from the top after
// each rewind. The SDK calls it in the plugin, the Manager in process; so both
// behave alike. It fails when the door fails, when the host suspends the
// operation (fault.Suspended), and when DoOperation panics, which is a crash
// and not a result.
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
		if s.end == nil { // nobody has told the run to end: its outcome counts
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
