package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// atOnce is how many entries of a topic are read at a time by who looks for some
// of them.
const atOnce = 256

// TransferList is a page of what an exchange has wired, of one state unless it
// is empty.
func (b *Bank) TransferList(ctx context.Context, x Exchange, p instrument.Page, state taler.TransferState) (taler.TransferList, error) {
	out := taler.TransferList{DebitAccount: x.Account}
	for part := p; len(out.Transfers) < p.Limit; {
		part.Limit = min(p.Limit, atOnce)
		entries, err := b.Instruments().Journal(ctx, x.Topic(Transfers), part)
		if err != nil || len(entries) == 0 {
			return out, err
		}
		for _, e := range entries {
			t, err := b.transferAt(ctx, e.Instance)
			if err != nil {
				return out, err
			}
			if (state == "" || t.State == state) && len(out.Transfers) < p.Limit {
				out.Transfers = append(out.Transfers, t.Listed())
			}
		}
		part.After = entries[len(entries)-1].Seq
	}
	return out, nil
}

// TransferStatus says what became of an exchange's transfer; fault.NotFound with
// ReasonUnknownTransfer.
func (b *Bank) TransferStatus(ctx context.Context, x Exchange, row uint64) (taler.TransferStatus, error) {
	id, err := b.Instruments().Find(ctx, ClassTransfer, "row", x.scoped(rowKey(row)))
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = fault.New(fault.NotFound, "there is no such transfer").Because(taler.ReasonUnknownTransfer)
		}
		return taler.TransferStatus{}, err
	}
	t, err := b.transferAt(ctx, id)
	return t.Status(), err
}

func (b *Bank) transferAt(ctx context.Context, id instrument.ID) (taler.Transfer, error) {
	var t taler.Transfer
	i, err := b.Instruments().View(ctx, id)
	if err != nil {
		return t, err
	}
	return t, i.Decode(&t)
}

// CheckAccount refuses an account to which an exchange can transfer nothing and
// from which nothing has come to it, nor is it the exchange's: fault.NotFound
// with ReasonUnknownAccount.
func (b *Bank) CheckAccount(ctx context.Context, x Exchange, account taler.Payto) error {
	if account.Equal(x.Account) {
		return nil
	}
	_, err := b.creditor(ctx, x, account)
	if fault.ReasonOf(err) == taler.ReasonUnknownCreditor {
		return fault.New(fault.NotFound, "there is no such account").Because(taler.ReasonUnknownAccount)
	}
	return err
}
