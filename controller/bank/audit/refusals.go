package audit

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/bank"
)

// nameRefusals names each transfer that was refused, until the operator has noted what was done about it.
func (a *auditor) nameRefusals(ctx context.Context) error {
	h := newHistory(bank.Refusals)
	if err := a.readRows(ctx, h); err != nil {
		return err
	}
	all, err := a.b.Refusals(ctx)
	switch fault.ReasonOf(err) {
	case "seal-broken": // which is said already, with the row
		return nil
	case "entry-malformed":
		a.differs(Difference{Kind: RowUnreadable, Topic: string(bank.Refusals)}, "the list of refused transfers cannot be read: %s", fault.From(err).Message)
		return nil
	}
	for _, r := range all {
		if r.Resolved != "" {
			a.explained(1)
			continue
		}
		a.differs(Difference{Kind: TransferRefused, Topic: string(bank.Refusals), Row: uint64(r.Number)},
			"the exchange %q wanted to send %s back to %s (wtid %s) and was refused: %s. It never sends it again: settle it with the exchange's people, give the money back by hand, and note it with `bank refusal resolve %d`",
			r.Exchange, r.Amount, r.CreditAccount, r.WTID, r.Message, r.Number)
	}
	return err
}
