//go:build unix

package pipe

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestACommandIsThePipeThatItsNameSays(t *testing.T) {
	env := &cli.Env{Err: io.Discard}
	open := Opener(env, []string{"other=false", "echo=cat -u", "empty= ", "nothing"})
	p, err := open(context.Background(), "echo")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write([]byte("hello")); err != nil {
		t.Error(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(p, got); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"cat", "empty", "nothing", "", "echo=cat", "/bin/cat"} {
		if _, err := open(context.Background(), name); fault.KindOf(err) != fault.NotFound || fault.ReasonOf(err) != "pipe-unknown" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// A command that does not end with its input is ended.
func TestACommandThatStaysIsEnded(t *testing.T) {
	p, err := start("stays", []string{"sleep", "1000"}, io.Discard, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil { // it waits for the end
		t.Error(err)
	}
}

// Once standard output is a line, nothing else is written there.
func TestOurOwnOutputIsTheLinesAlone(t *testing.T) {
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drain, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{in, feed, drain, out} {
		defer f.Close()
	}
	var said bytes.Buffer
	env := &cli.Env{In: in, Out: out, Err: &said}
	open := Opener(env, nil)
	for range 2 { // dialling again takes them again
		p, err := open(context.Background(), Own)
		if err != nil {
			t.Fatal(err)
		}
		if err := env.Print(struct{}{}, "Paid\n"); err != nil {
			t.Error(err)
		}
		if _, err := p.Write([]byte("frame")); err != nil {
			t.Error(err)
		}
		got := make([]byte, 16)
		if n, err := drain.Read(got); err != nil || string(got[:n]) != "frame" {
			t.Errorf("%q, %v", got[:n], err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if said.String() != "Paid\nPaid\n" {
		t.Errorf("people read %q", said.String())
	}
	if _, err := Opener(&cli.Env{Out: &said, Err: &said}, nil)(context.Background(), Own); fault.ReasonOf(err) != "pipe-missing" {
		t.Errorf("without files: %v", err)
	}
}
