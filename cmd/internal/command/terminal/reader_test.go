package terminal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/terminal"
)

// heard calls on for each piece of what a command writes.
type heard func(text string)

func (h heard) Write(b []byte) (int, error) {
	h(string(b))
	return len(b), nil
}

// runs is a command that lasts: its exit code comes when ctx has ended it.
func (s *shop) runs(ctx context.Context, out, messages io.Writer, args ...string) <-chan int {
	s.t.Helper()
	in, err := os.Open(os.DevNull)
	if err != nil {
		s.t.Fatal(err)
	}
	e := &cli.Env{In: in, Out: out, Err: messages}
	ended := make(chan int, 1)
	go func() {
		defer in.Close()
		ended <- clitest.Run(ctx, e, terminal.Command, append([]string{"terminal", "--json"}, args...)...)
	}()
	return ended
}

// TestACardThatIsTakenOutAgain hears that it was not charged, and what to do next: the
// hint names nothing that the command has not.
func TestACardThatIsTakenOutAgain(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // servers are for Linux
	}
	s := newShop(t)
	s.open(deadBank)
	socket, err := os.MkdirTemp("", "r") // a path of a test is too long for one
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(socket)
	serving, end := context.WithCancel(t.Context())
	doors := make(chan string, 16)
	served := s.runs(serving, heard(func(text string) {
		var d struct{ Name, URL string }
		if json.Unmarshal([]byte(text), &d) == nil && d.Name == "reader" {
			doors <- d.URL
		}
	}), io.Discard, "serve", "--dir", s.dir, "--reader", "unix:"+filepath.Join(socket, "s"))
	defer func() {
		end()
		if code := <-served; code != 0 {
			t.Errorf("serving ended with %d", code)
		}
	}()
	var door string
	select {
	case door = <-doors:
	case code := <-served:
		t.Fatalf("serving ended with %d", code)
	}
	card := s.file(`{"account":"a-1","brand":"Sandbox Card","last4":"4242","key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}`)
	inside, takeOut := context.WithCancel(t.Context())
	defer takeOut()
	var out bytes.Buffer
	code := <-s.runs(inside, &out, heard(func(text string) {
		if strings.Contains(text, "waits for something to pay") {
			takeOut()
		}
	}), "reader", door, "--card", card, "--dir", filepath.Join(t.TempDir(), "card"))
	var told struct {
		Error struct{ Kind, Reason, Hint string }
	}
	if err := json.Unmarshal(out.Bytes(), &told); err != nil {
		t.Fatalf("exit %d, %v: %s", code, err, out.String())
	}
	if code != 6 || told.Error.Reason != "pending" || !strings.HasPrefix(told.Error.Hint, "no card was charged") || strings.Contains(told.Error.Hint, "--") {
		t.Errorf("exit %d: %+v", code, told.Error)
	}
}
