package wallet

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
)

// sessionCommand is the paper's steps, one by one (§5): typed by a person, or read
// from a file that reads like a manual.
func sessionCommand(e *cli.Env) *cobra.Command {
	var script string
	c := &cobra.Command{
		Use: "session PEER", Short: "Go through the steps of a session with a peer, one by one", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			p, err := w.peer(ctx, args[0])
			if err != nil {
				return err
			}
			lines, end, err := w.lines(ctx, script)
			if err != nil {
				return err
			}
			defer end()
			s, err := w.InitiateSession(ctx, p, controller.Login{})
			if err != nil {
				return err
			}
			defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
			steps := &steps{w: w, s: s}
			if err := steps.print("initiate", initiated{s.Peer().Name, string(s.Peer().Role), s.Peer().PNP}); err != nil {
				return err
			}
			return steps.follow(ctx, lines, script == "" && e.Interactive())
		}),
	}
	c.Long = "Go through the steps of a session with a peer, one by one.\n\n" + stepsHelp
	c.Flags().StringVar(&script, "script", "", "read the steps from `FILE` (- for standard input)")
	return c
}

const stepsHelp = `Steps, one a line:
  classes [NAME=VALUE …]                       what both know for an invoice, and the peer's terms
  protocols CLASS                              the protocols that both have for a class
  select CLASS [PROTOCOL …]                    fix one: yours if given, in order of preference
  operations CLASS                             what can be done with this peer
  instruments CLASS                            what you have of a class
  execute CLASS OPERATION [INSTRUMENT] [key=KEY] [NAME=VALUE …]
  close                                        end the session
A part of a payment: classes payment=NAME part=NAME total=AMOUNT amount=AMOUNT. What
an operation has paid, named by its beginning or its key, comes back by
classes refund=OPERATION, then execute CLASS REFUND payment=OPERATION.
Any step may come again, and an earlier one after a later one. "! STEP" expects a
refusal and goes on; "# …" is a comment. What has blanks stands in double quotes, as
"Corner shop" or what="lunch for two".
`

// lines are what is typed, or the script.
func (w *wallet) lines(ctx context.Context, script string) (*bufio.Scanner, func(), error) {
	if script == "" && w.env.Interactive() { // steps ask the same person
		return bufio.NewScanner(w.env.Typed()), func() {}, nil
	}
	if script == "" || script == "-" {
		return bufio.NewScanner(w.env.In), func() {}, nil
	}
	f, err := cli.Open(ctx, script)
	if err != nil && ctx.Err() != nil {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, cli.Argument(fault.Wrap(err, fault.Invalid, "the script cannot be read: %s", cause(err)).Because("file-unreadable"))
	}
	return bufio.NewScanner(f), func() { _ = f.Close() }, nil
}

// cause is why a file cannot be read, without its name.
func cause(err error) string {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// follow takes the steps. A script ends with its first failure; a person is told
// and goes on.
func (s *steps) follow(ctx context.Context, lines *bufio.Scanner, person bool) error {
	for {
		if person {
			fmt.Fprint(s.w.env.Err, "> ")
		}
		more, err := cli.Within(ctx, func() (bool, error) { return lines.Scan(), lines.Err() })
		if errors.Is(err, bufio.ErrTooLong) {
			return cli.Argument(fault.Wrap(err, fault.Invalid, "a step has less than %d KiB", bufio.MaxScanTokenSize>>10).Because("step-too-long"))
		}
		if err != nil || !more {
			return err
		}
		text, refused := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff")), "!")
		if text = strings.TrimSpace(text); text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		err = s.take(ctx, text)
		if err == nil && refused {
			err = cli.Argument(fault.New(fault.Invalid, "%q was not refused, as the script says", text).Because("not-refused").
				WithHint("leave the ! out if the step is right"))
			refused = false
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !refused && !person:
			return err
		case err != nil:
			if err := s.refuse(err); err != nil {
				return err
			}
		}
	}
}

// refuse prints why a step was not taken, and what helps if that is known.
func (s *steps) refuse(why error) error {
	f := fault.From(why)
	return s.print("refused", refusal{f.WithHint("%s", cli.Advice(f))})
}
