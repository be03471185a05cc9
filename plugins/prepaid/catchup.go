package prepaid

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// asks reports whether the message asks for the statement. Counters begin with 1.
func (m transfer) asks() bool { return m.Counter == 0 }

// settledByStatement reports whether the vendor's next statement may remove what keeps the purse from
// paying. A statement shows what was paid in, payments of another life, and how open payments ended.
func settledByStatement(err error) bool {
	switch fault.ReasonOf(err) {
	case "balance-too-small", "account-behind", "payments-open":
		return true
	}
	return false
}

// catchUp asks for the statement within a payment, which has sent nothing yet, and begins the
// payment again. If the payment is still not possible, it asks a second time. By that the vendor
// knows that no payment follows; otherwise its side would wait until its deadline.
func (v variant) catchUp(ctx context.Context, s protocol.Session, id instrument.ID, use func(*purse) error) error {
	var m transfer
	err := change(ctx, s, id, evUse, func(p *purse) error {
		q, err := v.question(s, *p, opBalance)
		zero := instrument.ZeroOf(p.Currency)
		m = transfer{Account: q.Account, Amount: zero, Spent: zero, Signature: q.Signature}
		return err
	})
	if err != nil {
		return err
	}
	if err := s.Send(ctx, &m); err != nil {
		return err
	}
	var got receipt
	if err := s.Recv(ctx, &got); err != nil {
		return err
	}
	if err = v.learn(ctx, s, id, got, ""); err == nil {
		err = change(ctx, s, id, evUse, use)
	}
	if err == nil {
		return nil
	}
	if lost := s.Send(ctx, &m); lost != nil {
		return lost
	}
	return err
}
