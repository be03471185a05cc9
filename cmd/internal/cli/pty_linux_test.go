package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/term"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// seated is an Env with a person at a real terminal who has typed a text ahead.
func seated(t *testing.T, typed string) (e *cli.Env, messages *bytes.Buffer) {
	t.Helper()
	person, tty := seat(t)
	t.Cleanup(func() { _, _ = person.Close(), tty.Close() })
	if _, err := person.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	e, _, messages = env(false)
	e.In = tty
	return e, messages
}

// seat is a terminal and its other end.
func seat(t *testing.T) (person, tty *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var locked, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
			t.Fatal(errno)
		}
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return person, tty
}

// leftOpen are terminals with readers that nobody can end: on a descriptor that was
// closed and given to another terminal they would set how that one shows things.
var leftOpen []*os.File

// endOfInput is what Control-D sends.
const endOfInput = "\x04"

func TestAPersonIsAskedAndAnswers(t *testing.T) {
	for _, row := range []struct {
		typed string
		yes   bool
		code  int
	}{
		{"y\n", true, 0},
		{" YES \n", true, 0},
		{"n\n", false, 0},
		{"\n", false, 0},
		{"yesterday\n", false, 0},
		{"oui\n", false, 0},
		{endOfInput, false, cli.ExitInput},
	} {
		t.Run(fmt.Sprintf("%q", row.typed), func(t *testing.T) {
			e, messages := seated(t, row.typed)
			yes, err := e.Yes(t.Context(), "Pay?", "say --yes")
			if yes != row.yes || cli.ExitCode(err) != row.code || messages.String() != "Pay? [y/N] " {
				t.Errorf("%t, %v, after %q", yes, err, messages)
			}
		})
	}
	e, messages := seated(t, " CHF:5 \n")
	if got, err := e.Ask(t.Context(), "Worth", "give it"); err != nil || got != "CHF:5" || messages.String() != "Worth: " {
		t.Errorf("a text: %q, %v, after %q", got, err, messages)
	}
	e, _ = seated(t, endOfInput)
	if _, err := e.Ask(t.Context(), "Worth", "give it"); cli.ExitCode(err) != cli.ExitInput {
		t.Errorf("no text: %v", err)
	}
}

// TestAScriptAtATerminalIsNotAsked: it asked for JSON, or for silence.
func TestAScriptAtATerminalIsNotAsked(t *testing.T) {
	for name, quiet := range map[string]func(*cli.Env){
		"--json":     func(e *cli.Env) { e.JSON = true },
		"--no-input": func(e *cli.Env) { e.NoInput = true },
	} {
		e, messages := seated(t, "yes\nyes\nyes\n")
		if !e.Interactive() {
			t.Fatal("a person at a terminal cannot be asked")
		}
		quiet(e)
		if yes, err := e.Yes(t.Context(), "Pay?", "say --yes"); yes || cli.ExitCode(err) != cli.ExitInput {
			t.Errorf("%s: yes is %t, %v", name, yes, err)
		}
		if _, err := e.AskSecret(t.Context(), "Code", "give it"); cli.ExitCode(err) != cli.ExitInput {
			t.Errorf("%s: a secret: %v", name, err)
		}
		if _, err := e.Passphrase(t.Context(), true); cli.ExitCode(err) != cli.ExitInput || messages.Len() != 0 {
			t.Errorf("%s: a passphrase: %v, after %q", name, err, messages)
		}
	}
}

func TestASecretIsTypedUnseen(t *testing.T) {
	e, messages := seated(t, "hunter2\n")
	if got, err := e.AskSecret(t.Context(), "Code", "give it"); err != nil || got != "hunter2" || messages.String() != "Code: \n" {
		t.Errorf("%v, after %q", err, messages)
	}
	for _, row := range []struct {
		name, typed, want string
		reason            fault.Reason
		ask               func(context.Context, *cli.Env) (string, error)
	}{
		{"to open", "hunter2\n", "hunter2", "", open},
		{"a new one, twice", "hunter2\nhunter2\n", "hunter2", "", choose},
		{"a new one, mistyped", "hunter2\nhunter3\n", "", "passphrase-differs", choose},
		{"another one, twice", "hunter2\nhunter2\n", "hunter2", "", replace},
		{"another one, mistyped", "hunter2\nhunter3\n", "", "passphrase-differs", replace},
		{"nothing", "\n", "", "", open},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, messages := seated(t, row.typed)
			got, err := row.ask(t.Context(), e)
			if got != row.want || fault.ReasonOf(err) != row.reason {
				t.Errorf("it is %q, %v", got, err)
			}
			if said := messages.String() + fmt.Sprint(err); strings.Contains(said, "hunter") {
				t.Errorf("it is shown: %q", said)
			}
		})
	}
}

func open(ctx context.Context, e *cli.Env) (string, error) {
	s, err := e.Passphrase(ctx, false)
	if err != nil {
		return "", err
	}
	return string(s.Bytes()), nil
}

func choose(ctx context.Context, e *cli.Env) (string, error) {
	s, err := e.Passphrase(ctx, true)
	if err != nil {
		return "", err
	}
	return string(s.Bytes()), nil
}

func replace(ctx context.Context, e *cli.Env) (string, error) {
	s, err := e.NewPassphrase(ctx, "", -1)
	if err != nil {
		return "", err
	}
	return string(s.Bytes()), nil
}

func TestAQuestionIsOneLine(t *testing.T) {
	e, messages := seated(t, "n\n")
	if _, err := e.Yes(t.Context(), "Pay "+nasty+"\n?", ""); err != nil || obeyed(messages.String()) || strings.Contains(messages.String(), "\n") {
		t.Errorf("%q, %v", messages, err)
	}
}

// Whoever ends the command is not kept waiting for the person, and the terminal is
// as it was.
func TestAQuestionEndsWithItsCommand(t *testing.T) {
	locked := fault.New(fault.Locked, "locked meanwhile").Because("wallet-locked")
	for name, ask := range map[string]func(context.Context, *cli.Env) error{
		"yes":        func(ctx context.Context, e *cli.Env) error { _, err := e.Yes(ctx, "Pay?", ""); return err },
		"text":       func(ctx context.Context, e *cli.Env) error { _, err := e.Ask(ctx, "Worth", ""); return err },
		"secret":     func(ctx context.Context, e *cli.Env) error { _, err := e.AskSecret(ctx, "Code", ""); return err },
		"passphrase": func(ctx context.Context, e *cli.Env) error { _, err := e.Passphrase(ctx, false); return err },
	} {
		for _, row := range []struct {
			cause error
			code  int
		}{{nil, cli.ExitPending}, {locked, cli.ExitLocked}} {
			t.Run(fmt.Sprint(name, " ", row.code), func(t *testing.T) {
				e, _, _ := env(false)
				person, tty := seat(t)
				leftOpen = append(leftOpen, person, tty)
				e.In = tty
				fd := int(e.In.Fd())
				before := stateOf(t, fd)
				ctx, end := context.WithCancelCause(t.Context())
				failed := make(chan error, 1)
				go func() { failed <- ask(ctx, e) }()
				if name == "secret" || name == "passphrase" {
					for reflect.DeepEqual(stateOf(t, fd), before) { // until what is typed is hidden
						runtime.Gosched()
					}
				}
				end(row.cause)
				if err := <-failed; cli.ExitCode(err) != row.code {
					t.Errorf("%v", err)
				}
				if !reflect.DeepEqual(stateOf(t, fd), before) {
					t.Error("the terminal does not show what is typed")
				}
			})
		}
	}
}

func stateOf(t *testing.T, fd int) *term.State {
	t.Helper()
	s, err := term.GetState(fd)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
