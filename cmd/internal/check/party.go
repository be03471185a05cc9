package check

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Party is what a party's command package knows of its data directory.
type Party struct {
	Name string
	// Here reports whether a directory holds such a party, also one whose
	// settings are wrong.
	Here func(dir string) bool
	// Settings reads the settings as they count, a pointer to a struct as config
	// knows them.
	Settings func(*cli.Env) (any, error)
	// Check tests all of them. The error is of a party that cannot be opened.
	Check func(context.Context, *cli.Env) (Findings, error)
}

// Has reports whether a file of a directory has a key, as far as that can be said
// of a file that may not be read as a whole.
func Has(dir, file, key string) bool {
	text, err := config.Text(filepath.Join(dir, file))
	return err == nil && regexp.MustCompile(`(?m)^\s*"?`+regexp.QuoteMeta(key)+`"?\s*=`).MatchString(text)
}

// Only refuses a directory that is seen to hold a party of another name: its settings
// would be called wrong.
func Only(dir, name string) error {
	if holds := held(dir); holds != "" && !strings.Contains(holds, name) {
		return cli.Argument(fault.New(fault.Invalid, "in %s is another party, a %s, and no %s", dir, holds, name).Because("party-differs").
			WithHint("name the directory of a %s: --dir DIR", name))
	}
	return nil
}

// Holds refuses a directory that does not hold a party of that name.
func Holds(f house.Files, name string) error {
	if err := f.Check(); err != nil {
		return err
	}
	return Only(f.Dir, name)
}

// held is the party that a directory is seen to hold, empty where there is none.
func held(dir string) string {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	f := house.Files{Dir: dir}
	switch {
	case has(config.MarkVault) && Has(dir, filepath.Base(f.Config()), "exchange_account"):
		return "bank"
	case has(config.MarkVault) && Has(dir, filepath.Base(f.Config()), "token_file"):
		return "terminal"
	case has(config.MarkVault) && !has(filepath.Base(f.Key())):
		return "wallet"
	case has(config.MarkVault): // its settings were emptied
		return "bank or terminal"
	case has(config.MarkExchange):
		return "sandbox exchange"
	case has(config.MarkProvider):
		return "card provider"
	}
	return ""
}

// Command is `config` for the party that --dir holds, one of several.
func Command(e *cli.Env, parties ...Party) *cobra.Command {
	return group(e, "The settings of the party in --dir, whichever it is", func() (Party, error) {
		if e.Dir == "" {
			return Party{}, cli.Usage("config needs --dir")
		}
		for _, p := range parties {
			if p.Here(e.Dir) {
				return p, nil
			}
		}
		if _, err := os.Stat(filepath.Join(e.Dir, config.MarkVault)); err == nil {
			return Party{}, fault.New(fault.Invalid, "the settings in %s do not say whether it is a bank or a terminal", e.Dir).Because(config.ReasonMalformed).
				WithHint("look at its config.toml: has somebody emptied it?")
		}
		if err := (house.Files{Dir: e.Dir}).Check(); err != nil && fault.ReasonOf(err) != house.ReasonEmpty {
			return Party{}, err
		}
		return Party{}, fault.New(fault.NotFound, "there is no party in %s", e.Dir).Because("dir-empty").
			WithHint("make one with the init command of a bank, terminal, wallet or exchange, or with `provider serve`, or name another --dir")
	})
}

// Of is `config` among the commands of one party.
func Of(e *cli.Env, p Party) *cobra.Command {
	return group(e, "The "+p.Name+"'s settings", func() (Party, error) { return p, nil })
}

func group(e *cli.Env, short string, which func() (Party, error)) *cobra.Command {
	return cli.Group("config", short, showing(e, which), checking(e, which))
}

func showing(e *cli.Env, which func() (Party, error)) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the settings as they count, environment included", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p, err := which()
			if err != nil {
				return err
			}
			settings, err := p.Settings(e)
			if err != nil {
				return err
			}
			names, shown := config.Values(settings)
			rows := [][]string{{"party", p.Name}}
			for _, name := range names {
				value := shown[name]
				if a, ok := value.(instrument.Amount); ok { // one that is not set has no text
					value = cli.Money(a)
				}
				rows = append(rows, []string{name, fmt.Sprint(value)})
			}
			shown["party"] = p.Name
			return e.Table(shown, []string{"KEY", "VALUE"}, rows)
		},
	}
}

func checking(e *cli.Env, which func() (Party, error)) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Test the settings, keys and database, and everybody they name", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := which()
			if err != nil {
				return err
			}
			found, err := p.Check(c.Context(), e)
			if err != nil {
				return err
			}
			return found.show(e)
		},
	}
}
