package wallet

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/byhand"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// report is what `wallet status` says.
type report struct {
	Dir         string           `json:"dir"`
	User        string           `json:"user"`
	Balances    []client.Balance `json:"balances"`
	Instruments map[string]int   `json:"instruments"` // by class
	Peers       int              `json:"peers"`
	Running     int              `json:"running"` // operations that have not ended
	Waiting     int              `json:"waiting"` // withdrawals that are neither done nor aborted
	Classes     []string         `json:"classes"` // that are installed
	Restored    *restored        `json:"restored,omitempty"`
}

func status(e *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say what this wallet holds and knows", Args: cobra.NoArgs,
		RunE: with(e, looking, func(ctx context.Context, w *wallet, _ []string) error {
			f, err := files(e)
			if err != nil {
				return err
			}
			r, err := w.report(ctx)
			if err != nil {
				return err
			}
			r.Dir = f.Dir
			return e.Table(r, []string{"", ""}, r.rows())
		}),
	}
}

// report looks at everything, but for the directory.
func (w *wallet) report(ctx context.Context) (report, error) {
	r := report{User: w.User().Name, Instruments: map[string]int{}}
	var err error
	if r.Balances, err = w.Balances(ctx); err != nil {
		return r, err
	}
	held, err := w.Usable(ctx, w.User(), instrument.Filter{})
	if err != nil {
		return r, err
	}
	for _, i := range held {
		if i.Status != byhand.StatusRemoved {
			r.Instruments[string(i.Class)]++
		}
	}
	known, err := w.Book().Peers(ctx)
	if err != nil {
		return r, err
	}
	running, err := w.Protocols().Look(ctx, protocol.Filter{State: protocol.Running})
	if err != nil {
		return r, err
	}
	r.Peers, r.Running = len(known), len(running)
	withdrawals, err := w.Withdrawals(ctx)
	if err != nil {
		return r, err
	}
	for _, x := range withdrawals {
		if x.Status != taler.ReserveDone && x.Status != taler.ReserveAborted {
			r.Waiting++
		}
	}
	for _, c := range w.Instruments().Classes() {
		r.Classes = append(r.Classes, string(c.ID))
	}
	r.Restored, err = w.restored()
	return r, err
}

// rows are the report for a person.
func (r report) rows() [][]string {
	rows := [][]string{{"directory", r.Dir}, {"user", r.User}}
	for _, b := range r.Balances {
		rows = append(rows, []string{"balance", line(spendable(b), "at", issuedBy(b.Exchange, b.MasterPub))})
	}
	for _, class := range r.Classes {
		rows = append(rows, []string{class, strconv.Itoa(r.Instruments[class])})
	}
	if m := r.Restored; m != nil {
		rows = append(rows, []string{"restored", line(m.Restored.Format(time.RFC3339), "from a backup of", m.Backup.Format(time.RFC3339))},
			[]string{"unchecked instruments", strconv.Itoa(m.Unchecked)}, []string{"held operations", strconv.Itoa(m.Held)})
	}
	return append(rows, []string{"peers", strconv.Itoa(r.Peers)}, []string{"running operations", strconv.Itoa(r.Running)},
		[]string{"withdrawals that wait", strconv.Itoa(r.Waiting)})
}
