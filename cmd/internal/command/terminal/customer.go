package terminal

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/crypto"
)

// customers is `terminal customer`: whom the vendor knows. Others stay anonymous.
func customers(e *cli.Env) *cobra.Command {
	return cli.Group("customer", "Know customers, and sell some things from an age only",
		customerAdd(e), customerList(e), customerSet(e), customerRemove(e), customerAge(e))
}

func customerAdd(e *cli.Env) *cobra.Command {
	var c vendor.Customer
	add := &cobra.Command{
		Use: "add NAME", Short: "Know the customer whose wallet has a key", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			key, err := crypto.ParseKey(c.Key)
			if err != nil {
				return cli.Argument(err)
			}
			c.Name, c.Key = args[0], crypto.KeyText(key)
			if err := t.AddCustomer(ctx, c); err != nil {
				return cli.Argument(err)
			}
			return e.Print(c, "%s is known\n", c.Name)
		}),
	}
	add.Flags().StringVar(&c.Key, "key", "", "`KEY` of the customer's wallet towards this terminal: `wallet peer list` shows it")
	add.Flags().StringVar(&c.Born, "born", "", "`DAY` of birth, such as 2001-12-31")
	return add
}

func customerList(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the known customers", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, t *terminal, _ []string) error {
			all, err := t.Customers(ctx)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, c := range all {
				rows = append(rows, []string{c.Name, c.Born, c.Key})
			}
			return e.Table(map[string]any{"customers": all}, []string{"NAME", "BORN", "KEY"}, rows)
		}),
	}
}

func customerSet(e *cli.Env) *cobra.Command {
	var born string
	c := &cobra.Command{
		Use: "set NAME", Short: "Change what is known of a customer", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			if err := t.SetCustomer(ctx, args[0], born); err != nil {
				return cli.Argument(err)
			}
			return e.Print(map[string]string{"name": args[0], "born": born}, "%s is changed\n", args[0])
		}),
	}
	c.Flags().StringVar(&born, "born", "", "`DAY` of birth; without it, it is forgotten")
	return c
}

func customerRemove(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Forget a customer, who is anonymous from then on", Args: cobra.ExactArgs(1),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			if err := t.RemoveCustomer(ctx, args[0]); err != nil {
				return err
			}
			return e.Print(map[string]string{"name": args[0], "event": "removed"}, "%s removed\n", args[0])
		}),
	}
}

func customerAge(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "age [PRODUCT YEARS]", Short: "Sell a product to known customers from an age only; 0 to all; or list those products", Args: noneOr(2),
		RunE: with(e, looking, func(ctx context.Context, t *terminal, args []string) error {
			if len(args) == 0 {
				return listAges(ctx, e, t)
			}
			years, err := strconv.Atoi(args[1])
			if err != nil || years < 0 || years > 150 {
				return cli.Argument(fault.New(fault.Invalid, "%q is no age", args[1]).Because("age-malformed"))
			}
			if err := t.RequireAge(ctx, args[0], years); err != nil {
				return err
			}
			return e.Print(map[string]any{"product": args[0], "age": years}, "%s is sold from the age of %d\n", args[0], years)
		}),
	}
}

// noneOr takes that many arguments, or none.
func noneOr(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return cobra.ExactArgs(n)(c, args)
	}
}

func listAges(ctx context.Context, e *cli.Env, t *terminal) error {
	ages, err := t.Ages(ctx)
	if err != nil {
		return err
	}
	type restricted struct {
		Product string `json:"product"`
		Age     int    `json:"age"`
	}
	all, rows := []restricted{}, [][]string{}
	for _, product := range slices.Sorted(maps.Keys(ages)) {
		all = append(all, restricted{product, ages[product]})
		rows = append(rows, []string{product, strconv.Itoa(ages[product])})
	}
	return e.Table(map[string]any{"ages": all}, []string{"PRODUCT", "AGE"}, rows)
}
