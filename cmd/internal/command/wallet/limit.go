package wallet

import (
	"context"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// whose says whose limits are meant.
type whose struct{ name, group string }

func (o *whose) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.name, "for", "", "`NAME` of the person, agent or group; without it, you")
	c.Flags().StringVar(&o.group, "in", "", "as a member of `GROUP`: for what is the group's")
}

// change changes the limits that are meant, if this user may: the owner of the
// wallet those of all, a person those of their own agents.
func (o whose) change(ctx context.Context, w *wallet, change func(*profile.Limits)) error {
	who := w.User()
	if o.name != "" {
		var err error
		if who, err = w.called(ctx, o.name); err != nil {
			return err
		}
	}
	own := w.User().ID
	if me, err := w.Own(ctx); err != nil {
		return err
	} else if own != me.ID && (who.ActsFor != own || o.group != "") {
		return fault.New(fault.Denied, "only the owner of this wallet sets these limits").Because("not-owner")
	}
	if o.group == "" {
		err := w.Profiles().Change(ctx, who.ID, func(p *profile.Principal) error { change(&p.Limits); return nil })
		if err != nil {
			return err
		}
		return w.printProfile(ctx, who.ID)
	}
	group, err := w.called(ctx, o.group)
	if err != nil {
		return err
	}
	if err := w.Profiles().SetMemberLimits(ctx, group.ID, who.ID, change); err != nil {
		return err
	}
	return w.printProfile(ctx, group.ID)
}

func limit(e *cli.Env) *cobra.Command {
	var none bool
	var per, class string
	var of whose
	c := &cobra.Command{
		Use: "limit AMOUNT", Short: "Bound what may be moved in a currency", Args: oneAmount,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			amount, err := cli.Amount(args[0])
			if err != nil {
				return err
			}
			if !slices.Contains([]string{"operation", "day", "month"}, per) {
				return cli.Usage("a limit is --per operation, day or month, not %q", per)
			}
			if class != "" && !none {
				w.missing(instrument.ClassID(class))
			}
			return of.change(ctx, w, bound{per, instrument.ClassID(class), amount, none}.set)
		}),
	}
	c.Long = "Bound what may be moved in a currency by one operation, or spent in one day or\n" +
		"month. Days and months are those of UTC. What was spent before the first limit of\n" +
		"a day or month was set is not counted."
	c.Flags().StringVar(&per, "per", "operation", "operation, day or month")
	c.Flags().StringVar(&class, "class", "", "only what is spent with this class of instrument")
	c.Flags().BoolVar(&none, "none", false, "take this limit of this currency away")
	of.flags(c)
	return c
}

// oneAmount wants an amount, and shows where a name belongs that is given beside it.
func oneAmount(c *cobra.Command, args []string) error {
	amount := slices.IndexFunc(args, func(text string) bool {
		_, err := instrument.ParseAmount(text)
		return err == nil
	})
	if len(args) != 2 || amount < 0 {
		return cobra.ExactArgs(1)(c, args)
	}
	return fault.New(fault.Invalid, "limit takes one amount; whose limit it is stands behind --for").Because(cli.ReasonUsage).
		WithHint("such as `wallet profile limit %s --for %s`", args[amount], args[1-amount])
}

// missing warns of classes that are not installed: what is said of them holds once they
// are, and nothing else was meant by a word that is misspelt.
func (w *wallet) missing(classes ...instrument.ClassID) {
	for _, class := range classes {
		if _, err := w.Instruments().Info(class); err != nil {
			w.env.Say("Warning: no class %q is installed here; a class of others comes with `plugin add`", class)
		}
	}
}

// bound is one limit, as a person sets it or takes it away.
type bound struct {
	per    string             // operation, day or month
	class  instrument.ClassID // empty: with all
	amount instrument.Amount
	none   bool // take it away; of amount only the currency counts
}

// set sets the limit, or takes it away. What is there may be shared: it is copied, not
// changed.
func (b bound) set(l *profile.Limits) {
	if b.class == "" {
		b.setIn(l)
		return
	}
	classes := maps.Clone(l.Classes)
	if classes == nil {
		classes = map[instrument.ClassID]profile.Limits{}
	}
	of := classes[b.class]
	b.setIn(&of)
	classes[b.class] = of
	if len(of.PerOperation)+len(of.PerDay)+len(of.PerMonth) == 0 {
		delete(classes, b.class)
	}
	l.Classes = classes
}

// setIn is set for limits that are of one class already, or of all.
func (b bound) setIn(l *profile.Limits) {
	into := map[string]*map[string]instrument.Amount{"operation": &l.PerOperation, "day": &l.PerDay, "month": &l.PerMonth}[b.per]
	limits := maps.Clone(*into)
	if limits == nil {
		limits = map[string]instrument.Amount{}
	}
	limits[b.amount.Currency] = b.amount
	if b.none {
		delete(limits, b.amount.Currency)
	}
	*into = limits
}

func allow(e *cli.Env) *cobra.Command {
	var of whose
	c := &cobra.Command{
		Use: "allow [CLASS …]", Short: "Say with which classes of instruments may be paid; without any, with all", Args: cobra.ArbitraryArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, args []string) error {
			var only []instrument.ClassID
			for _, class := range args {
				only = append(only, instrument.ClassID(class))
			}
			w.missing(only...)
			return of.change(ctx, w, func(l *profile.Limits) { l.Only = only })
		}),
	}
	of.flags(c)
	return c
}
