// Command vending is an example application: a vending machine, as in the paper
// (§5.2, §7). It is a vendor that dispenses what was paid for, once, after the
// payment was committed, whatever dies in between.
//
//	vending init  --dir machine --product "A1 CHF:2 10"
//	vending serve --dir machine --session unix:/run/machine.sock
//
// What is its own is in four files: shop.go says what things cost, shelf.go has
// the pieces and keeps one for each payment, chute.go is the device, machine.go
// listens to what was committed and joins them. All else is the library's.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

func main() {
	if err := crypto.Seclude(); err != nil {
		fmt.Fprintln(os.Stderr, "Warning: other processes of this user can read this one:", err)
	}
	bundled.ServeIfAsked()
	os.Exit(run(os.Args[1:], rig{}))
}

// run is one command. The first SIGINT or SIGTERM lets it end in order, the
// second one ends the process at once.
func run(args []string, r rig) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	e := cli.New()
	c := cli.Group("vending", "A vending machine that wallets pay", initialise(e), serving(e, r))
	e.Flags(c)
	return e.Fail(e.Run(ctx, c, args))
}

// settings are the machine's config.toml.
type settings struct {
	Name       string   `toml:"name" doc:"the machine, as customers see it"`
	Listen     string   `toml:"listen" doc:"address at which wallets pay; port 0 takes a free one"`
	Products   []string `toml:"products" doc:"what it sells, each \"NAME PRICE PIECES\"; PIECES counts all that were ever filled in"`
	ClearLines []string `toml:"clear_lines" doc:"lines that run without TLS, such as \"serial-clear:/dev/ttyS0\": nobody proves there who they are"`
}

func files(e *cli.Env) (house.Files, error) {
	dir, err := e.PartyDir("vending")
	return house.Files{Dir: dir}, err
}

func initialise(e *cli.Env) *cobra.Command {
	s := settings{ClearLines: []string{}}
	c := &cobra.Command{Use: "init", Short: "Make a machine", Args: cobra.NoArgs}
	c.Flags().StringVar(&s.Name, "name", "vending machine", "the machine, as customers see it")
	c.Flags().StringVar(&s.Listen, "listen", "127.0.0.1:0", "`ADDR` at which wallets pay")
	c.Flags().StringArrayVar(&s.Products, "product", nil, "what it sells: `\"NAME PRICE PIECES\"`; may be repeated")
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := files(e)
		if err != nil {
			return err
		}
		if err := f.Free(); err != nil {
			return err
		}
		if _, err := newShelf(s.Products); err != nil {
			return cli.Argument(err)
		}
		if err := errors.Join(vendor.CheckMerchant(s.Name), serve.CheckAddress(s.Listen)); err != nil {
			return cli.Argument(err)
		}
		if err := config.Write(f.Config(), "The settings of a vending machine.", &s); err != nil {
			return err
		}
		if err := house.Init(c.Context(), f, s.Name, nil); err != nil {
			return err
		}
		return e.Print(map[string]any{"dir": f.Dir, "products": s.Products}, "The machine is in %s.\n", f.Dir)
	}
	return c
}

func serving(e *cli.Env, r rig) *cobra.Command {
	c := &cobra.Command{Use: "serve", Short: "Sell and dispense until the process is asked to end", Args: cobra.NoArgs}
	further := serve.SessionFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f, err := files(e)
		if err != nil {
			return err
		}
		if err := f.Check(); err != nil {
			return err
		}
		s := settings{ClearLines: []string{}}
		if err := config.Read(f.Config(), &s, e.Environ); err != nil {
			return err
		}
		if _, err := serve.Address("", "listen", s.Listen); err != nil {
			return err
		}
		m, err := open(c.Context(), e, f, s, r)
		if err != nil {
			return err
		}
		defer m.close()
		return m.serve(c.Context(), s.Listen, *further)
	}
	return c
}
