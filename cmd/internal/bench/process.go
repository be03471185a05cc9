package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// hidden is the first argument of a process that is a party of a measurement. What
// it is comes next, and then its folder.
const hidden = "bench"

// What such a process may be.
const (
	asVendor        = "vendor"
	asBank          = "bank"
	asBankInProcess = "bank-in-process"
	asEcho          = "echo"
)

// ServeIfAsked makes this process a party that is measured, and ends it, if its
// arguments say so. It is the first thing that main does.
func ServeIfAsked() {
	if len(os.Args) != 4 || os.Args[1] != hidden {
		return
	}
	be := map[string]func(context.Context, string, io.Reader, io.Writer) error{
		asVendor: beVendor, asBank: Options{}.beBank, asBankInProcess: Options{InProcess: true}.beBank, asEcho: beEcho,
	}[os.Args[2]]
	if be == nil {
		return
	}
	if err := be(context.Background(), os.Args[3], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// process is a party in a process of its own. It ends when its input does.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	said *json.Decoder
}

// start begins one and reads what it says first.
func start(ctx context.Context, as, dir string, first any) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, self, hidden, as, dir)}
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.said = json.NewDecoder(out)
	if err := p.said.Decode(first); err != nil {
		return nil, errors.Join(err, p.end())
	}
	return p, nil
}

// ask has it say how it stands.
func (p *process) ask(into any) error { return p.tell("", into) }

// tell gives it a line and reads the answer.
func (p *process) tell(line string, into any) error {
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		return err
	}
	return p.said.Decode(into)
}

func (p *process) end() error { return errors.Join(p.in.Close(), p.cmd.Wait()) }
