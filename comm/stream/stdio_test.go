//go:build unix

package stream_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/stream"
)

// asCommand has this test binary be the command at the other end of a pipe.
const asCommand = "STREAM_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "" {
		os.Exit(m.Run())
	}
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// command serves one session on its standard input and output.
func command() error {
	id, err := commtest.MakeIdentity()
	if err != nil {
		return err
	}
	o := identity{id}.options()
	o.Pipe = func(context.Context, string) (stream.Pipe, error) { return stream.Standard(os.Stdin, os.Stdout) }
	fmt.Println("a command that says something first")
	door, err := stream.New(o).Listen(context.Background(), comm.Address{Scheme: stream.Stdio, Path: "-"},
		func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
	if err != nil {
		return err
	}
	<-door.(interface{ Done() <-chan struct{} }).Done()
	return door.Close()
}

// A wallet in another process, reached over its standard input and output. It
// has one session; who dials again starts it again.
func TestACommandIsReachedOverItsPipes(t *testing.T) {
	var started []*exec.Cmd
	o := newIdentity(t).options()
	o.TLS.Trust = func(context.Context, string, comm.Address) error { return nil }
	o.Pipe = func(context.Context, string) (stream.Pipe, error) {
		here, stdout, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		stdin, there, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), asCommand+"=1")
		c.Stdin, c.Stdout, c.Stderr = stdin, stdout, os.Stderr
		err = c.Start()
		_, _ = stdin.Close(), stdout.Close()
		started = append(started, c)
		return stream.Join(here, there), err
	}
	for n, ends := range []func(comm.Conn){func(c comm.Conn) { _ = c.Close() }, func(comm.Conn) { _ = started[1].Process.Kill() }} {
		h := &commtest.Handler{}
		conn := dial(t, o, comm.Address{Scheme: stream.Stdio, Path: "wallet"}, h)
		echoes(t, conn)
		ends(conn)
		commtest.Await(t, h.Ended(), "the end of the session")
		if err := started[n].Wait(); (err == nil) != (n == 0) {
			t.Errorf("the command ended with %v", err)
		}
	}
}

// Standard input and output are as they were when the session is over.
func TestStandardFilesAreGivenBack(t *testing.T) {
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
	p, err := stream.Standard(in, out)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		_, err := p.Read(make([]byte, 1))
		ended <- err
	}()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("a read went on after the end")
	}
	if _, err := feed.WriteString("x"); err != nil {
		t.Error(err)
	}
	if _, err := in.Read(make([]byte, 1)); err != nil {
		t.Errorf("the input afterwards: %v", err)
	}
}
