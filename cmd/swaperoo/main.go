// Command swaperoo is every party of the house in one binary: wallet, terminal,
// bank, and a sandbox of the parties around them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "plugin" && os.Args[2] == "serve" {
		os.Exit(servePlugin(os.Args[3]))
	}
	os.Exit(run(os.Args[1:]))
}

// servePlugin is a bundle of ours in a process of its own. A host has started it
// and waits for the handshake, so nothing else may happen first.
func servePlugin(name string) int {
	for _, b := range bundled.All() {
		if b.Name != name {
			continue
		}
		if err := sdk.Serve(b); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return cli.ExitUsage
		}
		return cli.ExitOK
	}
	fmt.Fprintf(os.Stderr, "swaperoo carries no plugin %q\n", name)
	return cli.ExitNotFound
}

// run is one command. The first SIGINT or SIGTERM lets it end in order, the
// second one ends the process at once.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from now on signals have their usual effect again
	e := cli.New()
	return e.Fail(execute(ctx, e, args))
}
