package wallet

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

func backups(e *cli.Env) *cobra.Command {
	var word string
	c := &cobra.Command{
		Use: "backup FILE", Short: "Write all of the wallet to one encrypted file", Args: cobra.ExactArgs(1),
		Long: "Write all of the wallet to one encrypted file (age), which the wallet's passphrase\n" +
			"opens, or another one. Others may use the wallet meanwhile. Key files of agents are\n" +
			"not in it: keep them yourself.",
		RunE: func(c *cobra.Command, args []string) error { return backingUp(c.Context(), e, args[0], word) },
	}
	wordFlag(c, &word)
	return c
}

func wordFlag(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "backup-passphrase-file", "", "`FILE` that holds the passphrase of the backup, if it is not the wallet's")
}

func backingUp(ctx context.Context, e *cli.Env, file, word string) error {
	f, err := existing(e)
	if err != nil {
		return err
	}
	if e.KeyFile != "" {
		return fault.New(fault.Denied, "a backup needs the passphrase of the wallet's owner; an agent makes none").Because("not-owner")
	}
	owner, err := e.Passphrase(ctx, false)
	if err != nil {
		return err
	}
	defer owner.Wipe()
	by := house.Sealing{Passphrase: *owner, Work: e.SealWork}
	if word != "" {
		own, err := e.NewPassphrase(ctx, word, -1)
		if err != nil {
			return err
		}
		defer own.Wipe()
		by.Passphrase = *own
	}
	m, err := f.Backup(ctx, e.User, *owner, file, by, time.Now)
	if err != nil {
		return cli.Argument(err)
	}
	return e.Print(map[string]any{"file": file, "made": m.Made, "members": m.Members},
		"The wallet is in %s. Keep it and its passphrase apart.\n", file)
}

func restore(e *cli.Env) *cobra.Command {
	var word string
	c := &cobra.Command{
		Use: "restore FILE", Short: "Make a wallet out of a backup, in an empty --dir", Args: cobra.ExactArgs(1),
		Long: "Make a wallet out of a backup, in a directory that is empty or not there yet. What it\n" +
			"holds may have been used since the backup was made: its instruments pay nothing until\n" +
			"they are checked with their issuer (`wallet instrument check`) or taken as they are\n" +
			"(`wallet instrument accept`), and operations that were open go on when you say so\n" +
			"(`wallet operation resume`). Commands that its settings name (pipes) are left out; plugins\n" +
			"that it trusts stay trusted, and are shown. The passphrase asked for is that of the backup.",
		RunE: func(c *cobra.Command, args []string) error { return restoring(c.Context(), e, args[0], word) },
	}
	wordFlag(c, &word)
	return c
}

func restoring(ctx context.Context, e *cli.Env, file, word string) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	var by *crypto.Secret
	if word != "" {
		by, err = e.NewPassphrase(ctx, word, -1)
	} else {
		by, err = e.Passphrase(ctx, false)
	}
	if err != nil {
		return err
	}
	defer by.Wipe()
	var pipes []string
	m, err := f.Restore(ctx, backup.Wallet, file, *by, time.Now(), func(f house.Files) (err error) {
		pipes, err = leaveOutPipes(f)
		return err
	})
	if err != nil {
		return err
	}
	plugins, err := trusted(f)
	if err != nil {
		return err
	}
	said := map[string]any{"dir": f.Dir, "backup": m.Backup, "unchecked": len(m.Unchecked), "held": len(m.Held)}
	if len(pipes) > 0 {
		said["pipes_left_out"] = pipes
		e.Say("Its settings named commands through which peers are reached, and whoever has made a backup has chosen those. They were left out of config.toml:\n  %s\nPut back under `pipes` those that are yours.", strings.Join(pipes, "\n  "))
	}
	if len(plugins) > 0 {
		said["plugins"] = plugins
		e.Say("It trusts these plugins on this machine, and starts them when they are needed:\n  %s\nTake out with `plugin remove NAME` what you do not know.", strings.Join(plugins, "\n  "))
	}
	return e.Print(said, "The wallet of %s is in %s. To be checked or accepted before use: %s; waiting for you: %s.\n",
		m.Backup.UTC().Format(time.RFC3339), f.Dir, fault.Count(len(m.Unchecked), "instrument"), fault.Count(len(m.Held), "operation"))
}

// trusted are the plugins that a wallet can start, with their files.
func trusted(f house.Files) (names []string, err error) {
	listed, err := host.NewCatalog(f.Plugins()).List()
	for _, l := range listed {
		if l.State == host.Ready {
			names = append(names, l.Name+" "+l.Path)
		}
	}
	return names, err
}

// restored is the mark of a wallet as `wallet status` shows it.
type restored struct {
	Restored  time.Time `json:"restored"`
	Backup    time.Time `json:"backup"`
	Unchecked int       `json:"unchecked"` // instruments of all users
	Held      int       `json:"held"`      // operations
}

func (w *wallet) restored() (*restored, error) {
	m, err := w.house.Files().Mark()
	if m == nil || err != nil {
		return nil, err
	}
	return &restored{m.Restored, m.Backup, len(m.Unchecked), len(m.Held)}, nil
}

// mark is the wallet's mark, empty if it has none.
func (w *wallet) mark() (house.Mark, error) {
	m, err := w.house.Files().Mark()
	if m == nil || err != nil {
		return house.Mark{}, err
	}
	return *m, nil
}

// unchecked are the instruments out of a backup that are not used yet.
func (w *wallet) unchecked(context.Context) ([]instrument.ID, error) {
	m, err := w.mark()
	return m.Unchecked, err
}

// goOnWith lets go on what the mark holds of the steps of a withdrawal or payment: who goes on with
// that goes on with them.
func (w *wallet) goOnWith(ctx context.Context, whole instrument.OperationID) error {
	m, err := w.mark()
	if err != nil || len(m.Held) == 0 {
		return err
	}
	inner, err := w.Inner(ctx)
	if err != nil {
		return err
	}
	for _, id := range m.Held {
		found, err := w.Protocols().Look(ctx, protocol.Filter{Prefix: string(id), Limit: 1})
		if err == nil && len(found) == 1 && inner.Of(found[0]) == whole {
			err = w.house.GoOn(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// goOnWithCode is goOnWith for the withdrawal of that code, if this wallet has it.
func (w *wallet) goOnWithCode(ctx context.Context, uri taler.WithdrawURI) error {
	m, err := w.mark()
	if err != nil || len(m.Held) == 0 {
		return err
	}
	all, err := w.Withdrawals(ctx)
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Bank != "" && x.URI().ID == uri.ID && x.URI().BaseURL() == uri.BaseURL() {
			return w.goOnWith(ctx, x.Operation)
		}
	}
	return nil
}

// goOn lets an operation go on that the mark holds; any other name is none of its
// business.
func (w *wallet) goOn(ctx context.Context, name string) error {
	id, err := w.Protocols().Named(ctx, name)
	if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Invalid) {
		return nil
	}
	if err != nil {
		return err
	}
	return w.house.GoOn(ctx, id)
}
