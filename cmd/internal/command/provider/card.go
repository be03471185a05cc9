package provider

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func cardAdd(e *cli.Env) *cobra.Command {
	c := &cobra.Command{Use: "add", Short: "Open an account and write a test card for a wallet", Args: cobra.NoArgs}
	out := c.Flags().String("out", "", "`FILE` to write the card to; it holds the card's key")
	behaviour := c.Flags().String("behaviour", string(provider.Approved), "what the card does: approved, declined, timeout or pending")
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if err := cli.Require(c, "out"); err != nil {
			return err
		}
		b, err := provider.ParseBehaviour(*behaviour)
		if err != nil {
			return cli.Argument(err)
		}
		dir, err := e.PartyDir("provider")
		if err != nil {
			return err
		}
		s, err := read(e, dir)
		if err != nil {
			return err
		}
		f, err := create(*out)
		if err != nil {
			return err
		}
		defer func() {
			if err != nil {
				_ = os.Remove(*out) // half a card is none
			}
		}()
		made, err := addCard(c, e, dir, s, b, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		return e.Print(made, "%s card ending in %s, account %s, is in %s\n", made.Brand, made.Last4, made.Account, made.File)
	}
	return c
}

// card is what is said of a new card; its key is in the file only.
type card struct {
	File      string             `json:"file"`
	Account   string             `json:"account"`
	Brand     string             `json:"brand"`
	Last4     string             `json:"last4"`
	Behaviour provider.Behaviour `json:"behaviour"`
}

func addCard(c *cobra.Command, e *cli.Env, dir string, s settings, b provider.Behaviour, f *os.File) (_ card, err error) {
	p, err := open(e, dir, s)
	if err != nil {
		return card{}, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	made, err := p.AddCard(c.Context(), b)
	if err != nil {
		return card{}, err
	}
	defer made.Key.Wipe()
	text, err := made.File()
	if err != nil {
		return card{}, err
	}
	defer clear(text)
	_, err = f.Write(text)
	return card{f.Name(), made.Account, made.Brand, made.Last4, b}, errors.Join(err, f.Sync())
}

// create makes a file for its owner alone; another card there is not replaced.
func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fault.Wrap(err, fault.Conflict, "there is a file %s already", path).Because("file-exists").WithHint("name another file with --out")
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, "%s cannot be written", path).Because("file-unwritable")
	}
	return f, nil
}
