package wallet

import (
	"context"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/protocol"
)

// asker lets the person in front of the wallet answer the questions of an operation's code;
// nil where nobody can be asked. It puts first which operation asks, because the rest may be
// the words of somebody else's plugin. No flag answers for the person.
func asker(e *cli.Env) protocol.Asker {
	if !e.Interactive() {
		return nil
	}
	return func(ctx context.Context, q protocol.Question) (string, error) {
		what := line(q.Protocol, q.Name, either(q.Peer.Name != "", "with "+q.Peer.Name, ""), "asks: "+q.Text)
		ask := e.Ask
		if q.Secret {
			ask = e.AskSecret
		}
		if len(q.Choices) > 0 {
			what += " (" + strings.Join(q.Choices, ", ") + ")"
		}
		for {
			text, err := ask(ctx, what, "answer it")
			if err != nil || len(q.Choices) == 0 || slices.Contains(q.Choices, text) {
				return text, err
			}
			e.Say("It is one of %s.", strings.Join(q.Choices, ", "))
		}
	}
}
