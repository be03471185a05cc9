//go:build unix

package demo_test

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/bank"
	"github.com/swaperoo/swaperoo/cmd/internal/command/demo"
	"github.com/swaperoo/swaperoo/cmd/internal/command/exchange"
	"github.com/swaperoo/swaperoo/cmd/internal/command/provider"
	"github.com/swaperoo/swaperoo/cmd/internal/command/terminal"
	"github.com/swaperoo/swaperoo/cmd/internal/command/wallet"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange/exchangetest"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

// TestMain makes the test binary a swaperoo as well: the demo starts the file
// that it runs from, and so do the plugin hosts of its parties.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || strings.HasPrefix(os.Args[1], "-test.") {
		os.Exit(m.Run())
	}
	bundled.ServeIfAsked()
	os.Exit(swaperoo())
}

func swaperoo() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	e := cli.New()
	e.LockBy, e.DenomKeys = crypto.QuickPassphrase, exchangetest.Keys // each command opens a wallet, each demo makes an exchange
	c := &cobra.Command{Use: "swaperoo", SilenceUsage: true, SilenceErrors: true}
	e.Flags(c)
	c.AddCommand(demo.Command(e), bank.Command(e), exchange.Command(e), provider.Command(e), terminal.Command(e), wallet.Command(e))
	c.SetArgs(os.Args[1:])
	return e.Fail(c.ExecuteContext(ctx))
}
