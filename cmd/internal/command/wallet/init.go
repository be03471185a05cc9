package wallet

import (
	"context"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
)

func initialise(e *cli.Env) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use: "init", Short: "Make a wallet, locked by a passphrase", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return initialising(c.Context(), e, name) },
	}
	c.Flags().StringVar(&name, "name", "owner", "name of the wallet's user")
	return c
}

func initialising(ctx context.Context, e *cli.Env, name string) error {
	if name == "" {
		return cli.Usage("the name of the wallet's user is empty")
	}
	f, err := files(e)
	if err != nil {
		return err
	}
	if dir, err := filepath.Abs(f.Dir); err == nil {
		f.Dir = dir
	}
	if err := f.Free(); err != nil {
		return err
	}
	passphrase, err := e.Passphrase(ctx, true)
	if err != nil {
		return err
	}
	defer passphrase.Wipe()
	if err := house.Init(ctx, f, name, passphrase); err != nil {
		return cli.Argument(err)
	}
	return e.Print(map[string]string{"dir": f.Dir, "user": name}, "The wallet is in %s.\n", f.Dir)
}

// lock needs no passphrase: whoever walks away locks.
func lock(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "lock", Short: "End what other processes hold of this wallet", Args: cobra.NoArgs,
		Long: "End what other processes hold of this wallet. Nothing is kept between commands: when\n" +
			"no command runs, the wallet is locked. What waits, such as a withdrawal, can be\n" +
			"gone on with later.",
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := existing(e)
			if err != nil {
				return err
			}
			ended, err := f.LockUp(c.Context())
			if err != nil {
				return err
			}
			text := "The wallet is locked; nobody had it open."
			if ended {
				text = "The wallet is locked; a process that had it open has ended."
			}
			return e.Print(map[string]bool{"locked": true, "ended": ended}, "%s\n", text)
		},
	}
}

func passwd(e *cli.Env) *cobra.Command {
	var file string
	var fd int
	c := &cobra.Command{
		Use: "passwd", Short: "Change the passphrase", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := existing(e)
			if err != nil {
				return err
			}
			old, err := e.Passphrase(c.Context(), false)
			if err != nil {
				return err
			}
			defer old.Wipe()
			fresh, err := e.NewPassphrase(c.Context(), file, fd)
			if err != nil {
				return err
			}
			defer fresh.Wipe()
			if err := f.ChangePassphrase(c.Context(), e.User, *old, *fresh, time.Now); err != nil {
				return cli.Argument(err)
			}
			return e.Print(map[string]bool{"changed": true}, "The passphrase is changed.\n")
		},
	}
	c.Flags().StringVar(&file, "new-passphrase-file", "", "file that holds the new passphrase")
	c.Flags().IntVar(&fd, "new-passphrase-fd", -1, "file descriptor to read the new passphrase from")
	return c
}
