// Command swaperoo is every party of the house in one binary: wallet, terminal,
// bank, and a sandbox of the parties around them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/swaperoo/swaperoo/cmd/internal/bench"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

func main() { program(cli.New()) }

// program does not return.
func program(e *cli.Env) {
	if err := crypto.Seclude(); err != nil { // also as a plugin of ours, which has keys as well
		fmt.Fprintln(os.Stderr, "Warning: other processes of this user can read this one:", err)
	}
	bundled.ServeIfAsked()
	bench.ServeIfAsked()
	os.Exit(run(e, os.Args[1:]))
}

// run is one command. The first SIGINT or SIGTERM lets it end in order, the
// second one ends the process at once.
func run(e *cli.Env, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from now on signals have their usual effect again
	return e.Fail(execute(ctx, e, args))
}
