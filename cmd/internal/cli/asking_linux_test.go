package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// heard is what a person reads; it says when it is another question.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
	next chan string
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p)
	if strings.HasSuffix(string(p), ": ") {
		h.next <- string(p)
	}
	return len(p), nil
}

func person(t *testing.T) (e *cli.Env, keys *os.File, h *heard) {
	t.Helper()
	keys, tty := seat(t)
	leftOpen = append(leftOpen, keys, tty)
	e, _, _ = env(false)
	h = &heard{next: make(chan string, 8)}
	e.In, e.Err = tty, h
	return e, keys, h
}

func types(t *testing.T, keys *os.File, line string) {
	t.Helper()
	if _, err := keys.WriteString(line + "\n"); err != nil {
		t.Error(err)
	}
}

// TestOneQuestionAtATime: of an operation that runs beside a command, too. A line is
// the answer to what stands above it.
func TestOneQuestionAtATime(t *testing.T) {
	e, keys, h := person(t)
	var all sync.WaitGroup
	for _, what := range []string{"A", "B", "C"} {
		all.Go(func() {
			if got, err := e.Ask(t.Context(), what, ""); err != nil || got != "answer to "+what {
				t.Errorf("%s: %q, %v", what, got, err)
			}
		})
	}
	for range 3 {
		what := <-h.next
		if len(h.next) > 0 {
			t.Error("the next question stands there before the answer")
		}
		types(t, keys, "answer to "+strings.TrimSuffix(what, ": "))
	}
	all.Wait()
	stuck, end := context.WithCancel(t.Context())
	if e.Asking() {
		t.Error("all have answered, and somebody is asked")
	}
	go func() { _, _ = e.Ask(stuck, "D", "") }()
	<-h.next
	if !e.Asking() {
		t.Error("a question stands there, and nobody is asked")
	}
	late, over := context.WithCancel(t.Context())
	over()
	if _, err := e.Ask(late, "E", ""); cli.ExitCode(err) != cli.ExitPending {
		t.Errorf("who does not wait for its turn gets %v", err)
	}
	end()
}

// TestALineIsForTheQuestionThatStands: one that was not answered in time takes no
// answer from the next.
func TestALineIsForTheQuestionThatStands(t *testing.T) {
	e, keys, h := person(t)
	unanswered(t, e, h)
	go func() { <-h.next; types(t, keys, "b") }()
	if got, err := e.Ask(t.Context(), "B", ""); err != nil || got != "b" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestALineThatComesTooLateAnswersNothing: a yes to a question that is over is none to
// the next.
func TestALineThatComesTooLateAnswersNothing(t *testing.T) {
	e, keys, h := person(t)
	unanswered(t, e, h)
	types(t, keys, "yes")
	cli.AwaitTyped(e)
	go func() { <-h.next; types(t, keys, "no") }()
	if got, err := e.Ask(t.Context(), "B", ""); err != nil || got != "no" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWhatIsTypedComesAfterAQuestion that nobody has answered, to whoever reads on.
func TestWhatIsTypedComesAfterAQuestion(t *testing.T) {
	e, keys, h := person(t)
	unanswered(t, e, h)
	lines := bufio.NewScanner(e.Typed())
	go func() { cli.AwaitAsking(e); types(t, keys, "classes") }() // before, it would be an answer that comes too late
	if !lines.Scan() || lines.Text() != "classes" {
		t.Errorf("%q, %v", lines.Text(), lines.Err())
	}
	go func() { <-h.next; types(t, keys, "b") }()
	if got, err := e.Ask(t.Context(), "B", ""); err != nil || got != "b" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestASecretIsForWhoAsksForIt, and not for a question before it that is over.
func TestASecretIsForWhoAsksForIt(t *testing.T) {
	e, keys, h := person(t)
	unanswered(t, e, h)
	go func() {
		for what := range h.next {
			if what == "PIN: " {
				types(t, keys, "1234")
				return
			}
			types(t, keys, "")
		}
	}()
	if got, err := e.AskSecret(t.Context(), "PIN", ""); err != nil || got != "1234" {
		t.Errorf("%q, %v", got, err)
	}
}

// unanswered is a question that is over before anybody has answered.
func unanswered(t *testing.T, e *cli.Env, h *heard) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := e.Ask(ctx, "A", ""); first <- err }()
	<-h.next
	end()
	if err := <-first; cli.ExitCode(err) != cli.ExitPending {
		t.Fatal(err)
	}
}
