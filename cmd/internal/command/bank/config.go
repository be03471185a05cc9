package bank

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
)

func configShow(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the settings as they count, environment included", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			f, err := files(e)
			if err != nil {
				return err
			}
			s, err := read(e, f)
			if err != nil {
				return err
			}
			shown := map[string]any{
				"name": s.Name, "currency": s.Currency, "exchange_url": s.ExchangeURL, "exchange_account": s.ExchangeAccount,
				"withdrawal_fees": s.WithdrawalFees, "listen": s.Listen, "session_listen": s.SessionListen, "url": s.URL,
			}
			return e.Print(shown, "name             %s\ncurrency         %s\nexchange_url     %s\nexchange_account %s\nwithdrawal_fees  %s\nlisten           %s\nsession_listen   %s\nurl              %s\n",
				s.Name, s.Currency, s.ExchangeURL, s.ExchangeAccount, s.WithdrawalFees, s.Listen, s.SessionListen, s.URL)
		},
	}
}

// finding is what a check found out about one thing.
type finding struct {
	What  string       `json:"what"`
	OK    bool         `json:"ok"`
	Fault *fault.Fault `json:"error,omitempty"`
}

func configCheck(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Test settings, database, keys, exchange and providers", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			var all []finding
			note := func(what string, err error) { all = append(all, finding{what, err == nil, fault.From(err)}) }
			err := beside(c.Context(), e, func(b *bank.Bank, s settings) error {
				note("settings, keys and database", nil)
				note("exchange "+s.ExchangeURL, checkExchange(c.Context(), s))
				providers, err := b.Providers(c.Context())
				for _, p := range providers {
					note("provider "+p.Name, b.CheckProvider(c.Context(), p.Name))
				}
				return err
			})
			if err != nil {
				return err
			}
			return report(e, all)
		},
	}
}

// report shows the findings; the first bad one is the command's error.
func report(e *cli.Env, all []finding) error {
	var bad error
	rows := make([][]string, len(all))
	for n, f := range all {
		rows[n] = []string{f.What, "ok", ""}
		if !f.OK {
			rows[n] = []string{f.What, "bad", f.Fault.Message}
			bad = errors.Join(bad, f.Fault)
		}
	}
	if err := e.Table(map[string]any{"ok": bad == nil, "checks": all}, []string{"WHAT", "STATE", "WHY"}, rows); err != nil {
		return err
	}
	return cli.Reported(bad)
}
