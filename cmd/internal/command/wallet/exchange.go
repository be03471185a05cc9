package wallet

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
)

func exchanges(e *cli.Env) *cobra.Command {
	return cli.Group("exchange", "Know the exchanges that issue digital cash", exchangeList(e), exchangeAdd(e), exchangeTerms(e), exchangeTrust(e), exchangeRemove(e))
}

// issuer is an exchange as it is shown.
type issuer struct {
	URL           string     `json:"url"`
	OwnURL        string     `json:"own_url,omitempty"` // what it names as its address, if that is another one
	Status        string     `json:"status"`
	Currency      string     `json:"currency,omitempty"`
	Version       string     `json:"version,omitempty"`
	MasterPub     string     `json:"master_pub,omitempty"`
	ShownPub      string     `json:"shown_pub,omitempty"`   // what it shows instead: the alarm
	FormerPubs    []string   `json:"former_pubs,omitempty"` // trusted before, the oldest first
	Denominations int        `json:"denominations"`
	Foreign       int        `json:"foreign,omitempty"` // listed, and of which no coins can be made here
	Terms         acceptance `json:"terms"`
}

// acceptance is what a person has seen and accepted of an exchange's terms of
// service.
type acceptance struct {
	Version         string    `json:"version,omitempty"` // the latest that was shown
	AcceptedVersion string    `json:"accepted_version,omitempty"`
	AcceptedAt      time.Time `json:"accepted_at,omitzero"`
}

func issuerOf(x client.Exchange) issuer {
	i := issuer{
		URL: x.URL, OwnURL: x.OwnURL, Status: x.Status, Currency: x.Currency, Version: x.Version, Denominations: len(x.Denominations), Foreign: x.Foreign,
		Terms: acceptance{x.Terms.Version, x.Terms.AcceptedVersion, taler.TimeOf(x.Terms.AcceptedAt)},
	}
	if !x.MasterPub.IsZero() {
		i.MasterPub = x.MasterPub.String()
	}
	if !x.Shown.IsZero() {
		i.ShownPub = x.Shown.String()
	}
	for _, key := range x.Former {
		i.FormerPubs = append(i.FormerPubs, key.String())
	}
	return i
}

func exchangeList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the known exchanges", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			found, err := w.Exchanges(ctx)
			if err != nil {
				return err
			}
			all, rows := []issuer{}, [][]string{}
			for _, x := range found {
				i := issuerOf(x)
				all = append(all, i)
				rows = append(rows, []string{i.URL, i.Currency, i.Status, i.MasterPub})
			}
			if err := e.Table(map[string]any{"exchanges": all}, []string{"URL", "CURRENCY", "STATUS", "MASTER KEY"}, rows); err != nil {
				return err
			}
			for _, i := range all {
				if i.ShownPub != "" {
					e.Say("ALARM: %s shows the master key %s. Do not use it before its operator or auditor has explained that; then: swaperoo wallet exchange trust %s %s --replace", i.URL, i.ShownPub, i.URL, i.ShownPub)
				}
			}
			return nil
		}),
	}
}

func exchangeRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove URL", Short: "Give an exchange up of which nothing is here", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			if err := w.giveUp(ctx, args[0]); err != nil {
				return err
			}
			return e.Print(map[string]string{"url": args[0], "event": "removed"}, "%s removed\n", args[0])
		}),
	}
}

// giveUp gives an exchange up. That is a person's to do: what is added again has another master key.
func (w *wallet) giveUp(ctx context.Context, url string) error {
	if err := w.house.ByAPerson(); err != nil {
		return err
	}
	return w.RemoveExchange(ctx, url)
}

func exchangeAdd(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "add URL", Short: "Know an exchange, and pin the master key that it shows", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			if e.Trust == "" {
				return w.know(ctx, args[0], taler.EddsaPublicKey{}, false)
			}
			key, err := masterKey(e.Trust)
			if err != nil {
				return err
			}
			return w.know(ctx, args[0], key, false)
		}),
	}
}

// masterKey reads a key that a person has from elsewhere. The one of zeros is nobody's.
func masterKey(text string) (taler.EddsaPublicKey, error) {
	var key taler.EddsaPublicKey
	if err := key.UnmarshalText([]byte(text)); err != nil || key.IsZero() {
		return key, cli.Argument(fault.Wrap(err, fault.Invalid, "this is not the master key of an exchange").Because("key-malformed"))
	}
	return key, nil
}

func exchangeTrust(e *cli.Env) *cobra.Command {
	var replace bool
	c := &cobra.Command{
		Use: "trust URL KEY", Short: "Know an exchange by a master key that you have from elsewhere", Args: cobra.ExactArgs(2),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			key, err := masterKey(args[1])
			if err != nil {
				return err
			}
			return w.know(ctx, args[0], key, replace)
		}),
	}
	c.Flags().BoolVar(&replace, "replace", false, "the key that was trusted is not the exchange's any more")
	return c
}

func (w *wallet) know(ctx context.Context, url string, master taler.EddsaPublicKey, replace bool) error {
	if _, err := taler.CheckURL(url, w.env.AllowHTTP); err != nil {
		return cli.Argument(err)
	}
	stop := w.tellIfSlow(url)
	x, err := w.TrustExchange(ctx, url, master)
	stop()
	if fault.ReasonOf(err) == client.ReasonMasterKey && !master.IsZero() && x.MasterPub != master {
		if x, err = w.replaceKey(ctx, x, master, replace, err); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	i := issuerOf(x)
	if why := x.NoneHere(); why != "" {
		w.env.Say("Nothing can be withdrawn there: %s.", why)
	}
	if i.OwnURL != "" {
		w.env.Say("The exchange says that its address is %s: merchants and other wallets know its cash by that one, and GNU Taler's wallets refuse this one.", i.OwnURL)
	}
	return w.env.Print(i, "%s issues %s; its master key is %s\n", i.URL, i.Currency, i.MasterPub)
}

// tellIfSlow says after a while that an exchange is waited for; stop ends that.
func (w *wallet) tellIfSlow(url string) (stop func() bool) {
	return afterwards(answerAfter, w.env.Asking, func() {
		w.env.Say("%s has not answered yet. Control-C ends the wait and loses nothing.", url)
	})
}

// replaceKey takes another master key than the one that is trusted, if the person
// says so: with --replace, or when they are asked. Else it is refused.
func (w *wallet) replaceKey(ctx context.Context, x client.Exchange, master taler.EddsaPublicKey, replace bool, refusal error) (client.Exchange, error) {
	if !replace {
		if !w.env.Interactive() {
			return x, refusal
		}
		w.env.Say("The exchange %s is trusted with the master key %s.\nCoins of that key are kept; whether anybody still takes them its operator has to say.", x.URL, x.MasterPub)
		yes, err := w.env.Yes(ctx, "Has its operator or auditor told you of the new key "+master.String()+"?", "")
		if err != nil {
			return x, cli.Left(err, "the key that was trusted is still trusted")
		}
		if !yes {
			return x, refusal
		}
	}
	if err := w.house.ByAPerson(); err != nil {
		return x, err
	}
	return w.ReplaceMasterKey(ctx, x.URL, master)
}

func exchangeTerms(e *cli.Env) *cobra.Command {
	var accept bool
	c := &cobra.Command{
		Use: "terms URL", Short: "Read the terms of service of an exchange, and accept them", Args: cobra.ExactArgs(1),
		RunE: with(e, working, func(ctx context.Context, w *wallet, args []string) error {
			x, err := w.Exchange(ctx, args[0])
			if err != nil {
				return err
			}
			stop := w.tellIfSlow(x.URL)
			terms, err := w.Terms(ctx, x)
			stop()
			if err != nil {
				return err
			}
			shown := struct {
				URL string `json:"url"`
				taler.TermsResult
				Accepted   bool      `json:"accepted"`
				AcceptedAt time.Time `json:"accepted_at,omitzero"`
			}{URL: x.URL, TermsResult: terms, Accepted: terms.Version == x.Terms.AcceptedVersion}
			if accept && !shown.Accepted {
				if err := w.AcceptTerms(ctx, x, terms.Version); err != nil {
					return err
				}
				if x, err = w.Exchange(ctx, x.URL); err != nil {
					return err
				}
				shown.Accepted = true
			}
			shown.AcceptedAt = taler.TimeOf(x.Terms.AcceptedAt)
			verdict := "not accepted"
			if shown.Accepted {
				verdict = "accepted"
			}
			return e.Print(shown, "%s\n\nVersion %s, %s\n", terms.Text, terms.Version, verdict)
		}),
	}
	c.Flags().BoolVar(&accept, "accept", false, "accept these terms")
	return c
}
