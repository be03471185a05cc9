package bundled

import (
	"fmt"
	"os"

	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// ServeIfAsked makes this process a plugin when a host has started it as
// "plugin serve NAME", and does not return then. A program that carries the
// bundles calls it first thing: the host waits for the handshake. Otherwise it
// does nothing.
func ServeIfAsked() {
	if len(os.Args) != 4 || os.Args[1] != "plugin" || os.Args[2] != "serve" {
		return
	}
	os.Exit(serve(os.Args[3]))
}

// Exit codes, as every command of the binary has them.
const (
	served   = 0
	noHost   = 2 // started by a person
	notFound = 3
)

func serve(name string) int {
	for _, b := range All() {
		if b.Name != name {
			continue
		}
		if err := sdk.Serve(b); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return noHost
		}
		return served
	}
	fmt.Fprintf(os.Stderr, "this program carries no plugin %q\n", name)
	return notFound
}
