package terminal

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/websocket"
)

// Party is what `swaperoo config` knows of a terminal.
func Party() check.Party {
	return check.Party{
		Name:  "terminal",
		Here:  func(dir string) bool { return check.Has(dir, "config.toml", "token_file") },
		Check: checkAll,
		Settings: func(e *cli.Env) (any, error) {
			f, err := files(e)
			if err != nil {
				return nil, err
			}
			s, err := readSettings(e, f)
			return &s, err
		},
	}
}

func checkAll(ctx context.Context, e *cli.Env) (found check.Findings, err error) {
	err = open(ctx, e, looking, func(ctx context.Context, t *terminal) error {
		found.Note("settings, token, keys and database", check.Room(t.house.Files().Dir))
		for key, address := range map[string]string{"listen": t.settings.Listen, "till": t.settings.Till} {
			if err := serve.CheckAddress(address); err != nil {
				found.Note(key, err)
			}
		}
		if err := check.ClearLines(t.settings.ClearLines); err != nil {
			found.Note("clear_lines", err)
		}
		bank, err := t.BankConfig(ctx)
		found.Note("bank "+t.settings.Bank, err)
		if at := t.settings.BankSession; strings.HasPrefix(at, websocket.Scheme+":") { // any other line may be in use, and is one process's alone
			found.Note("sessions at "+at, t.checkSession(ctx))
		}
		providers, err := t.Providers(ctx)
		if err != nil {
			return err
		}
		for _, p := range providers {
			err := t.CheckProvider(ctx, p.Name)
			if err == nil && bank.WireType != "" && !strings.HasPrefix(bank.WireType, p.Kind+"-") {
				err = fault.New(fault.Conflict, "it is a %s, and the bank looks for this terminal's payments at %s, a %s", p.Kind, bank.ProviderName, bank.WireType).
					Because("provider-differs").WithHint("the bank's operator says with `bank terminal add NAME --provider PROVIDER` where it looks; cards must be charged there")
			}
			found.Note("provider "+p.Name, err)
		}
		if len(providers) == 0 {
			_, err := t.Provider(ctx)
			found.Note("provider", err)
		}
		found.Plugins(t.house.Catalog)
		return nil
	})
	return found, err
}

// checkSession looks whether the bank lets the terminal in at its address of sessions.
func (t *terminal) checkSession(ctx context.Context) error {
	bank, err := t.settings.peer()
	if err != nil {
		return err
	}
	s, err := t.InitiateSession(ctx, bank, t.LoginAt(bank))
	if err != nil {
		return err
	}
	return s.Close(ctx)
}
