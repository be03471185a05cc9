//go:build unix

package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

// childVariable makes this test binary the server of a test.
const childVariable = "SERVE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childVariable) {
	case "":
	case writing:
		os.Exit(writes())
	default:
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// child holds every request until the server ends, and ends with its parent.
func child() int {
	ctx := context.Background()
	port, err := serve.Listen(ctx, "127.0.0.1:0", false)
	if err != nil {
		return 3
	}
	parent, err := serve.NewParent(3)
	if err != nil {
		return 4
	}
	p := serve.New(&cli.Env{Out: os.Stdout, Err: os.Stderr, JSON: true})
	h := newHolding()
	p.HTTP(port, serve.Server(h, slog.New(slog.DiscardHandler), h.end), serve.Door{Name: serve.Provider, Path: "/"})
	p.With(parent)
	if p.Run(ctx) != nil {
		return 5
	}
	return 0
}

// TestAServerEndsWithItsParent starts a server in a process of its own, under a
// parent in another, and kills the parent.
func TestAServerEndsWithItsParent(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// The shell holds the writing end, file descriptor 4, and the server is its
	// child, without it. It says who the server is and then only lives.
	parent := exec.Command("sh", "-c", `"$0" 4>&- & echo $!; exec 3<&-; exec sleep 1000`, exe)
	parent.Env = append(os.Environ(), childVariable+"=1")
	parent.ExtraFiles = []*os.File{in, held}
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = in.Close(), held.Close()
	out := bufio.NewScanner(stdout)
	var pid int
	var url string
	for range 2 { // the shell's line and the server's come in either order
		if !out.Scan() {
			t.Fatal("the server did not start")
		}
		if n, err := strconv.Atoi(out.Text()); err == nil {
			pid = n
			continue
		}
		var said serve.Listening
		if err := json.Unmarshal(out.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		url = said.URL
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	answered := make(chan string, 1)
	go func() { text, _ := get(url); answered <- text }()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(time.Minute)
	gone := make(chan struct{})
	go func() { // the server holds the pipe's far end as its standard output
		for out.Scan() {
		}
		close(gone)
	}()
	select {
	case <-gone:
	case <-deadline:
		t.Fatal("the server lives on")
	}
	refused(t, url)
	if text := <-answered; text != "" && text != "what there is" {
		t.Errorf("who was held got %q", text)
	}
	_ = parent.Wait()
}
