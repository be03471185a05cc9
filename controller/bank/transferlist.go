package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// atOnce is how many entries of a topic are read at a time when only some are wanted.
const atOnce = 256

// TransferList is a page of what an exchange has wired, of one state unless it
// is empty.
func (b *Bank) TransferList(ctx context.Context, x Exchange, p instrument.Page, state taler.TransferState) (taler.TransferList, error) {
	out := taler.TransferList{DebitAccount: x.Account}
	for part := p; len(out.Transfers) < p.Limit; {
		part.Limit = atOnce
		if state == "" {
			part.Limit = min(p.Limit, atOnce)
		}
		rows, err := b.transferRows(ctx, x, part, state)
		if err != nil || len(rows) == 0 {
			return out, err
		}
		for _, at := range rows {
			if at.id == "" || len(out.Transfers) == p.Limit {
				continue
			}
			t, err := b.transferAt(ctx, at.id)
			if err != nil {
				return out, err
			}
			if state == "" || t.State == state {
				out.Transfers = append(out.Transfers, t.Listed())
			}
		}
		part.After = instrument.Seq(rows[len(rows)-1].row)
	}
	return out, nil
}

// transferRows says where to look for the next transfers of a state.
func (b *Bank) transferRows(ctx context.Context, x Exchange, p instrument.Page, state taler.TransferState) ([]placed, error) {
	s := b.standingOf(x.Key())
	if state != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := b.catchUp(ctx, x, s); err != nil {
			return nil, err
		}
		if state != taler.TransferSuccess {
			return s.page(state, p), nil
		}
	}
	entries, err := b.Instruments().Journal(ctx, x.Topic(Transfers), p)
	rows := make([]placed, len(entries))
	for n, e := range entries {
		rows[n] = placed{uint64(e.Seq), e.Instance}
		if state != "" && s.holds(rows[n].row) {
			rows[n].id = ""
		}
	}
	return rows, err
}

// TransferStatus says what became of an exchange's transfer; fault.NotFound with
// ReasonUnknownTransfer.
func (b *Bank) TransferStatus(ctx context.Context, x Exchange, row uint64) (taler.TransferStatus, error) {
	var t taler.Transfer
	i, err := b.Instruments().Lookup(ctx, ClassTransfer, "row", x.scoped(rowKey(row)))
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = fault.New(fault.NotFound, "there is no such transfer").Because(taler.ReasonUnknownTransfer)
		}
		return taler.TransferStatus{}, err
	}
	err = i.Decode(&t)
	return t.Status(), err
}

func (b *Bank) transferAt(ctx context.Context, id instrument.ID) (taler.Transfer, error) {
	var t taler.Transfer
	i, err := b.Instruments().View(ctx, id)
	if err != nil {
		return t, err
	}
	err = i.Decode(&t)
	return t, err
}

// CheckAccount refuses an account to which an exchange can transfer nothing, unless
// it is the exchange's own: fault.NotFound with ReasonUnknownAccount.
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
