package cli

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Ask asks for a line of text; without a person it is a fault with exit code 4. It
// ends with ctx.
func (e *Env) Ask(ctx context.Context, what, hint string) (string, error) {
	return e.answer(ctx, what, what+" is needed", ": ", hint)
}

// Yes asks a question; without a person it is a fault with exit code 4. It ends
// with ctx.
func (e *Env) Yes(ctx context.Context, question, hint string) (bool, error) {
	line, err := e.answer(ctx, question, question, " [y/N] ", hint)
	switch strings.ToLower(line) {
	case "y", "yes":
		return err == nil, err
	}
	return false, err
}

// answer is a line that a person types. A terminal keeps what was typed ahead.
func (e *Env) answer(ctx context.Context, question, needed, end, hint string) (string, error) {
	if !e.Interactive() {
		return "", Input(needed, "%s", hint)
	}
	leave, err := e.asking.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	e.prompt(question + end)
	line, err := e.asking.line(ctx, e.In)
	switch {
	case err != nil && ctx.Err() != nil:
		e.Say("") // what is said next is on a line of its own
		return "", err
	case err != nil:
		return "", Input(needed, "%s", hint)
	}
	return strings.TrimSpace(line), nil
}

// asking makes sure that one question is asked at a time, by a command or by an operation
// that runs beside it: a line that is typed answers the question above it.
type asking struct {
	mu    sync.Mutex
	busy  chan struct{}
	left  chan result[string] // the line that an earlier question waited for and did not get
	asked bool                // what is typed from now on is for whoever has the turn
}

type result[T any] struct {
	got T
	err error
}

// Asking reports whether a person is being asked.
func (e *Env) Asking() bool {
	e.asking.mu.Lock()
	defer e.asking.mu.Unlock()
	return e.asking.asked
}

// enter waits for its turn, within ctx.
func (a *asking) enter(ctx context.Context) (leave func(), err error) {
	a.mu.Lock()
	if a.busy == nil {
		a.busy = make(chan struct{}, 1)
	}
	a.mu.Unlock()
	select {
	case a.busy <- struct{}{}:
	case <-ctx.Done():
		return nil, interrupted(ctx)
	}
	select {
	case <-a.left: // typed too late for an earlier question, so it answers none
		a.left = nil
	default:
	}
	a.says(true)
	return func() { a.says(false); <-a.busy }, nil
}

func (a *asking) says(asked bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = asked
}

// line reads a line, or takes the one that an earlier question has begun to read.
func (a *asking) line(ctx context.Context, in io.Reader) (string, error) {
	if a.left == nil {
		a.left = make(chan result[string], 1)
		go func(left chan<- result[string]) {
			got, err := bufio.NewReader(in).ReadString('\n')
			left <- result[string]{got, err}
		}(a.left)
	}
	select {
	case r := <-a.left:
		a.left = nil
		return r.got, r.err
	case <-ctx.Done():
		return "", interrupted(ctx)
	}
}

// Typed is what a person types, a line at a time, without the lines that answer questions.
func (e *Env) Typed() io.Reader { return &typing{e: e} }

type typing struct {
	e    *Env
	rest string
}

// Read implements io.Reader.
func (t *typing) Read(p []byte) (n int, err error) {
	if t.rest == "" {
		ctx := context.Background()
		leave, err := t.e.asking.enter(ctx)
		if err != nil {
			return 0, err
		}
		defer leave()
		if t.rest, err = t.e.asking.line(ctx, t.e.In); t.rest == "" {
			return 0, err
		}
	}
	n = copy(p, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

// Within reads what a person or another process has to say, as long as ctx lasts: a signal
// that ends the command, or somebody who locks the wallet, need not wait for a line. The
// read itself cannot be ended; what it still gets is dropped, and it ends with the process.
func Within[T any](ctx context.Context, read func() (T, error)) (T, error) {
	done := make(chan result[T], 1)
	go func() {
		got, err := read()
		done <- result[T]{got, err}
	}()
	select {
	case r := <-done:
		return r.got, r.err
	case <-ctx.Done():
		var none T
		return none, interrupted(ctx)
	}
}

// Open opens a file that somebody has named, as long as ctx lasts: whoever opens a pipe waits for
// whoever writes into it. What is read of it may wait, too, and belongs in Within.
func Open(ctx context.Context, path string) (*os.File, error) {
	return Within(ctx, func() (*os.File, error) { return os.Open(path) })
}

// interrupted says why nobody waits for an answer any more: the cause of ctx if that is a
// fault, or that the command was told to end.
func interrupted(ctx context.Context) error {
	if cause := context.Cause(ctx); fault.ReasonOf(cause) != "" {
		return cause
	}
	return fault.Wrap(ctx.Err(), fault.Timeout, "this was ended before there was an answer").Because(ReasonInterrupted).WithHint("start it again")
}

// ReasonInterrupted marks a question that was ended before there was an answer.
const ReasonInterrupted fault.Reason = "interrupted"

// Left adds what is so to the error of a question that was ended without an answer, such as
// that nothing was paid. All other errors, and none, stay as they are.
func Left(err error, so string) error {
	f := fault.From(err)
	if f == nil || f.Reason != ReasonInterrupted {
		return err
	}
	return fault.Wrap(err, f.Kind, "%s: %s", f.Message, so).Because(f.Reason).WithHint("%s", f.Hint)
}
