//go:build unix

package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
)

// writing makes this test binary a server that writes a line of log for each request.
const writing = "writing"

func writes() int {
	ctx := context.Background()
	port, err := serve.Listen(ctx, "127.0.0.1:0", false)
	if err != nil {
		return 3
	}
	logs := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fmt.Fprintln(os.Stderr, "asked") })
	p := serve.New(&cli.Env{Out: os.Stdout, Err: os.Stderr, JSON: true})
	p.HTTP(port, serve.Server(logs, slog.New(slog.DiscardHandler), func() {}), serve.Door{Name: serve.Provider, Path: "/"})
	if p.Run(ctx) != nil {
		return 5
	}
	return 0
}

// TestAServerOutlivesWhoReadsItsLog, as a program that turns logs round is started anew:
// a bank does not end with it, in the middle of what it does.
func TestAServerOutlivesWhoReadsItsLog(t *testing.T) {
	exe, err := os.Executable()
	check(t, err)
	c := exec.CommandContext(t.Context(), exe)
	c.Env = append(os.Environ(), childVariable+"="+writing)
	out, err := c.StdoutPipe()
	check(t, err)
	log, err := c.StderrPipe()
	check(t, err)
	check(t, c.Start())
	defer func() { _, _ = c.Process.Kill(), c.Wait() }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	check(t, err)
	var said serve.Listening
	check(t, json.Unmarshal(line, &said))
	asks := func() {
		t.Helper()
		answer, err := http.Get(said.URL)
		if err != nil {
			t.Fatalf("it has ended: %v", err)
		}
		check(t, answer.Body.Close())
	}
	asks()
	check(t, log.Close())
	check(t, out.Close())
	for range 3 {
		asks()
	}
}
