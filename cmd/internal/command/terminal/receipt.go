package terminal

import (
	"strings"
	"text/tabwriter"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
)

// handReceipt prints what the customer takes home of a withdrawal that went well.
// Scripts read the same from `terminal operation show`.
func handReceipt(e *cli.Env, merchant string, w vendor.Withdrawal) error {
	if e.JSON {
		return nil
	}
	return e.Print(nil, "\n%s", receipt(merchant, soldOf(w)))
}

func receipt(merchant string, s sold) string {
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
	if s.Fees.IsZero() { // that there are none is said
		s.Fees = instrument.ZeroOf(s.Amount.Currency)
	}
	for _, row := range [][2]string{
		{"Receipt", merchant},
		{"Digital cash", cli.Money(s.Amount)},
		{"Fees", cli.Money(s.Fees)},
		{"Card charged", cli.Money(s.Total)},
		{"Time", when(s.Ended)},
		{"Reference", s.WOPID},
		{"Card payment", s.Transaction},
		{"Exchange", s.Exchange},
	} {
		_, _ = table.Write([]byte(row[0] + "\t" + row[1] + "\n")) // into memory
	}
	_ = table.Flush()
	return out.String()
}
