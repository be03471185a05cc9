package banktest

import (
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/taler/load"
)

// Load is a load of n terminals on this house, whose provider then says of every
// payment that it was made.
func (h *House) Load(terminals int) load.Load {
	h.tb.Helper()
	amount := taler.Amount{Currency: Currency, Value: 20}
	l := load.Load{
		URL: h.URL, Amount: amount, Exchange: ExchangeAccount, Clock: time.Now,
		Transaction: func(id taler.WOPID) string { return id.Text() },
	}
	total := amount
	if h.o.Fees != (taler.Amount{}) {
		sum, err := amount.Add(h.o.Fees)
		if err != nil {
			h.tb.Fatal(err)
		}
		total = sum
	}
	h.Provider.Unknown = func(id string) (Payment, bool) {
		return Payment{ID: id, State: "paid", Amount: total, Refunded: taler.Amount{Currency: Currency}, Reference: id}, true
	}
	for n := range terminals {
		l.Terminals = append(l.Terminals, h.AddTerminal(fmt.Sprintf("till-%d", n)))
	}
	return l
}
