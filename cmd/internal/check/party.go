package check

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
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
	text, err := os.ReadFile(filepath.Join(dir, file))
	return err == nil && regexp.MustCompile(`(?m)^\s*"?`+regexp.QuoteMeta(key)+`"?\s*=`).Match(text)
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
		return Party{}, fault.New(fault.NotFound, "there is no party in %s", e.Dir).Because("dir-empty").
			WithHint("make one with the init command of a bank, terminal, wallet or exchange, or name another --dir")
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
				rows = append(rows, []string{name, fmt.Sprint(shown[name])})
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
