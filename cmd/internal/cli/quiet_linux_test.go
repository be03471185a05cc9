package cli_test

import (
	"os"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// prompted answers a question in the moment in which it is written.
type prompted struct {
	t           *testing.T
	person, tty *os.File
}

func (p prompted) Write(b []byte) (int, error) {
	if string(b) != "\n" {
		state, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
		if err != nil || state.Lflag&unix.ECHO != 0 {
			p.t.Errorf("at %q the terminal shows what is typed, %v", b, err)
		}
		if _, err := p.person.WriteString("open sesame\n"); err != nil {
			p.t.Error(err)
		}
	}
	return len(b), nil
}

// TestWhoAnswersAtOnceIsNotShown: a script that waits for the question, and who pastes, are faster than
// a busy machine.
func TestWhoAnswersAtOnceIsNotShown(t *testing.T) {
	person, tty := seat(t)
	defer person.Close()
	defer tty.Close()
	before := stateOf(t, int(tty.Fd()))
	e := cli.New()
	e.In, e.Err, e.Environ = tty, prompted{t, person, tty}, func(string) string { return "" }
	if got, err := choose(t.Context(), e); err != nil || got != "open sesame" {
		t.Errorf("it reads %q, %v", got, err)
	}
	if !reflect.DeepEqual(stateOf(t, int(tty.Fd())), before) {
		t.Error("the terminal is not as it was")
	}
}

// TestNothingTypedIsNoPassphrase: Control-D ends the question, and behind a text it is an Enter, given twice.
func TestNothingTypedIsNoPassphrase(t *testing.T) {
	typed, _ := seated(t, "hunter2"+endOfInput+endOfInput)
	if got, err := open(t.Context(), typed); err != nil || got != "hunter2" {
		t.Errorf("it reads %q, %v", got, err)
	}
	e, _ := seated(t, endOfInput)
	if got, err := open(t.Context(), e); cli.ExitCode(err) != cli.ExitInput {
		t.Errorf("it reads %q, %v", got, err)
	}
}
