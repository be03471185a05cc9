package wallet

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

func balance(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "balance", Short: "Add up the digital cash", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			all, err := w.Balances(ctx)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, b := range all {
				rows = append(rows, []string{spendable(b), b.Pending.String(), strconv.Itoa(b.Coins), issuedBy(b.Exchange, b.MasterPub)})
			}
			return e.Table(map[string]any{"balances": all}, []string{"AVAILABLE", "PENDING", "COINS", "EXCHANGE"}, rows)
		}),
	}
}

// spendable is what can be used, and what cannot before it is checked.
func spendable(b client.Balance) string {
	if b.Unchecked.IsZero() {
		return b.Available.String()
	}
	return b.Available.String() + " and " + b.Unchecked.String() + " unchecked"
}

// issuedBy names an exchange, and a master key that it has no more.
func issuedBy(exchange, former string) string {
	if former == "" {
		return exchange
	}
	return exchange + " under its former key " + former
}

// formerKey is the former master key under which a coin was made, empty for the
// present one.
func formerKey(c taler.Coin) string {
	if c.MasterPub.IsZero() {
		return ""
	}
	return c.MasterPub.String()
}

// coin is a coin as it may be shown.
type coin struct {
	Value    instrument.Amount `json:"value"`
	Exchange string            `json:"exchange"`
	Former   string            `json:"master_pub,omitempty"` // a former one, under which it was made
	Coin     string            `json:"coin_pub"`
	Denom    string            `json:"denom_pub_hash"`
	Verified bool              `json:"verified"` // the exchange's signature, checked just now
}

func coins(e *cli.Env) *cobra.Command {
	var sums bool
	c := &cobra.Command{
		Use: "coins", Short: "List the coins and check their signatures", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			held, err := w.Coins(ctx)
			if err != nil {
				return err
			}
			if sums {
				return byValue(e, held)
			}
			all, rows := []coin{}, [][]string{}
			for _, c := range held {
				shown := coin{c.Value, c.ExchangeURL, formerKey(c), c.CoinPub.String(), c.DenomPubHash.String(), c.Verified()}
				all = append(all, shown)
				verdict := "verified"
				if !shown.Verified {
					verdict = "NOT VERIFIED"
				}
				rows = append(rows, []string{shown.Value.String(), verdict, shown.Coin, issuedBy(shown.Exchange, shown.Former)})
			}
			return e.Table(map[string]any{"coins": all}, []string{"VALUE", "SIGNATURE", "COIN", "EXCHANGE"}, rows)
		}),
	}
	c.Flags().BoolVar(&sums, "by-value", false, "count them by value")
	return c
}

// denomination is coins of one value and exchange.
type denomination struct {
	Value    instrument.Amount `json:"value"`
	Exchange string            `json:"exchange"`
	Former   string            `json:"master_pub,omitempty"` // a former one, under which they were made
	Coins    int               `json:"coins"`
	Total    instrument.Amount `json:"total"`
}

func byValue(e *cli.Env, held []taler.Coin) error {
	all, err := denominations(held)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, d := range all {
		rows = append(rows, []string{d.Value.String(), strconv.Itoa(d.Coins), d.Total.String(), issuedBy(d.Exchange, d.Former)})
	}
	return e.Table(map[string]any{"denominations": all}, []string{"VALUE", "COINS", "TOTAL", "EXCHANGE"}, rows)
}

// denominations counts coins by exchange and value, the largest first.
func denominations(held []taler.Coin) ([]denomination, error) {
	out := []denomination{}
	for _, c := range held {
		at := slices.IndexFunc(out, func(d denomination) bool {
			return d.Value == c.Value && d.Exchange == c.ExchangeURL && d.Former == formerKey(c)
		})
		if at < 0 {
			at = len(out)
			out = append(out, denomination{Value: c.Value, Exchange: c.ExchangeURL, Former: formerKey(c), Total: instrument.ZeroOf(c.Value.Currency)})
		}
		var err error
		if out[at].Total, err = out[at].Total.Add(c.Value); err != nil {
			return nil, err
		}
		out[at].Coins++
	}
	slices.SortFunc(out, func(a, b denomination) int {
		return cmp.Or(cmp.Compare(a.Exchange, b.Exchange), cmp.Compare(a.Former, b.Former), cmp.Compare(a.Value.Currency, b.Value.Currency),
			cmp.Compare(b.Value.Value, a.Value.Value), cmp.Compare(b.Value.Fraction, a.Value.Fraction))
	})
	return out, nil
}

// change is one line of the wallet's history.
type change struct {
	Seq        instrument.Seq     `json:"seq"`
	Time       time.Time          `json:"time"`
	Class      instrument.ClassID `json:"class"`
	Status     string             `json:"status"`
	Instrument instrument.ID      `json:"instrument"`
}

func history(e *cli.Env) *cobra.Command {
	var n int
	c := &cobra.Command{
		Use: "history", Short: "List what happened to the instruments, newest first", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			if n < 1 {
				return cli.Usage("-n is at least 1")
			}
			entries, err := w.Instruments().Journal(ctx, instrument.Operations, instrument.Page{Limit: n, Reverse: true})
			if err != nil {
				return err
			}
			all, rows := []change{}, [][]string{}
			for _, x := range entries {
				c := change{x.Seq, x.Time.UTC(), x.Class, x.Status, x.Instance}
				all = append(all, c)
				rows = append(rows, []string{c.Time.Format(time.RFC3339), string(c.Class), c.Status, string(c.Instrument)})
			}
			return e.Table(map[string]any{"history": all}, []string{"TIME", "CLASS", "STATUS", "INSTRUMENT"}, rows)
		}),
	}
	c.Flags().IntVarP(&n, "number", "n", 100, "how many lines")
	return c
}
