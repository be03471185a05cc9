package bank

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// asksExchange is how the operator of a real exchange finds out how far it has
// read. It is made from the exchange's public sources: one that has several accounts
// adds WHERE exchange_account_section = 'exchange-account-…'. Of several exchanges
// the highest counts.
const asksExchange = "SELECT MAX(wire_reference) FROM exchange.reserves_in;"

func backupCommand(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write all of the bank to one encrypted file", Args: cobra.ExactArgs(1),
		Long: "Write all that a bank needs to one encrypted file (age): settings, keys, database, the\n" +
			"exchanges' credentials and the list of plugins. The bank may serve meanwhile. The\n" +
			"passphrase asked for is the backup's own. TLS certificates, their keys and the binaries\n" +
			"of plugins are not in it: keep them yourself.",
		RunE: func(c *cobra.Command, args []string) error { return backingUp(c.Context(), e, args[0]) },
	}
}

func backingUp(ctx context.Context, e *cli.Env, file string) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	if err := check.Holds(f, "bank"); err != nil {
		return err
	}
	by, err := e.Passphrase(ctx, true)
	if err != nil {
		return err
	}
	defer by.Wipe()
	m, err := f.BackupBank(ctx, file, house.Sealing{Passphrase: *by, Work: e.SealWork}, time.Now)
	if err != nil {
		return cli.Argument(err)
	}
	return e.Print(map[string]any{"file": file, "made": m.Made, "members": m.Members},
		"The bank is in %s. Keep it and its passphrase apart.\n", file)
}

func restoreCommand(e *cli.Env) *cobra.Command {
	c := &cobra.Command{
		Use: "restore [FILE]", Short: "Make a bank out of a backup, in an empty --dir", Args: cobra.MaximumNArgs(1),
		Long: "Make a bank out of a backup, in a directory that is empty or not there yet. It serves\n" +
			"nobody before the next number of the exchange's history is set above all that the\n" +
			"exchange has seen: else rows would have numbers that it takes for read. Ask the\n" +
			"exchange's database\n\n  " + asksExchange + "\n\n" +
			"and give a higher number, now or later: `bank restore --next-incoming N`. If that turns\n" +
			"out to be too low, stop the bank and give a higher one in the same way: what it has sold\n" +
			"since it was restored gets new numbers, too. The bank that the backup was made of must not\n" +
			"serve any more.",
	}
	next := c.Flags().Uint64("next-incoming", 0, "the `NUMBER` that the next row of the exchange's history gets")
	c.RunE = func(c *cobra.Command, args []string) error {
		if c.Flags().Changed("next-incoming") && *next == 0 { // which without a word would be no number given
			return cli.Usage("0 is no number of a row: the first one is 1")
		}
		f, err := files(e)
		if err != nil {
			return err
		}
		if len(args) == 1 {
			if err := restoring(c.Context(), e, f, args[0]); err != nil {
				return err
			}
		}
		return numbering(c.Context(), e, f, instrument.Seq(*next))
	}
	return c
}

func restoring(ctx context.Context, e *cli.Env, f house.Files, file string) error {
	by, err := e.Passphrase(ctx, false)
	if err != nil {
		return err
	}
	defer by.Wipe()
	_, err = f.Restore(ctx, backup.Bank, file, *by, time.Now(), nil)
	return err
}

// numbered refuses what a restored bank does not do before it knows its numbers.
func numbered(f house.Files) error {
	m, err := f.Mark()
	if err != nil || m == nil || !m.Unnumbered {
		return err
	}
	return fault.New(fault.Denied, "the bank was restored from a backup of %s: how far its exchange has read since is not known", m.Backup.UTC().Format(time.RFC3339)).
		Because("restored-unnumbered").
		WithHint("ask the exchange's database %q and give a higher number: `bank restore --next-incoming N`", asksExchange)
}

// restored is what `bank restore` says.
type restored struct {
	Dir    string         `json:"dir"`
	Backup time.Time      `json:"backup,omitzero"`         // absent when the number is raised
	Last   instrument.Seq `json:"last_incoming"`           // of the backup, or before it is raised
	Next   instrument.Seq `json:"next_incoming,omitempty"` // absent while it is not set
	Again  int            `json:"rows_again,omitempty"`    // that were given since the restore and are given again under new numbers
	Query  string         `json:"query"`                   // what the exchange is to be asked
}

// numbering sets the next number, or asks for it, or says how to give it. Of a bank that has
// served since, it raises it.
func numbering(ctx context.Context, e *cli.Env, f house.Files, next instrument.Seq) error {
	m, err := f.Mark()
	if err != nil {
		return err
	}
	if m == nil || !m.Unnumbered {
		if err := check.Holds(f, "bank"); err != nil {
			return err
		}
		return raising(ctx, e, f, next)
	}
	return alone(ctx, e, func(b *bank.Bank) error {
		least, err := b.NextIncoming(ctx)
		if err != nil {
			return err
		}
		said := restored{Dir: f.Dir, Backup: m.Backup, Last: least - 1, Query: asksExchange}
		if next == 0 && e.Interactive() {
			if next, err = askNumber(ctx, e, said); err != nil {
				return err
			}
		}
		if next == 0 {
			return e.Print(said, "The bank of %s is in %s. It serves nobody yet: its history ends with row %d, and the exchange may have read further. Ask its database\n  %s\nand give a higher number: swaperoo bank restore --dir %s --next-incoming N\n",
				said.Backup.UTC().Format(time.RFC3339), said.Dir, said.Last, said.Query, said.Dir)
		}
		if err := b.GoOn(ctx, next); err != nil {
			return err
		}
		if err := f.Numbered(); err != nil {
			return err
		}
		said.Next = next
		return e.Print(said, "The bank of %s is in %s and goes on with row %d. If the exchange turns out to have read further, give a higher number in the same way. Give the exchange new credentials if the old ones may be known (`bank gateway rotate`), and look at `bank audit`.\n",
			said.Backup.UTC().Format(time.RFC3339), said.Dir, said.Next)
	})
}

// raising corrects a number that was too low.
func raising(ctx context.Context, e *cli.Env, f house.Files, next instrument.Seq) error {
	refusal := fault.New(fault.Conflict, "this bank has its numbers: it was not restored, or they are set already").Because("not-restored").
		WithHint("nothing is left to do: it serves with `bank serve`. If it was restored and --next-incoming was too low, give a higher number")
	if next == 0 {
		return refusal
	}
	return alone(ctx, e, func(b *bank.Bank) error {
		least, err := b.NextIncoming(ctx)
		if err != nil {
			return err
		}
		again, err := b.Raise(ctx, next)
		if fault.ReasonOf(err) == refusal.Reason {
			return refusal
		}
		if err != nil {
			return err
		}
		said := restored{Dir: f.Dir, Last: least - 1, Next: next, Again: again, Query: asksExchange}
		return e.Print(said, "The history of the bank in %s goes on with row %d. From there the exchange can read again what was given since the restore: %s.\n",
			said.Dir, said.Next, fault.Count(again, "row"))
	})
}

func askNumber(ctx context.Context, e *cli.Env, r restored) (instrument.Seq, error) {
	e.Say("The backup's history ends with row %d. The exchange may have read further. Ask its database:\n  %s", r.Last, r.Query)
	text, err := e.Ask(ctx, "Number of the next row", "--next-incoming gives it")
	if err != nil || text == "" {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n == 0 {
		return 0, cli.Usage("%q is no number of a row", text)
	}
	return instrument.Seq(n), nil
}
