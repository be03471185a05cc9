package audit

import (
	"context"
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// atOnce is how many entries or instruments are read at a time.
const atOnce = 512

// read reads the books. Rows are read first and instruments then, so that what a
// row is of is among them; then the rows that came meanwhile, so that the row of
// what was confirmed meanwhile is among those.
func (a *auditor) read(ctx context.Context) error {
	all, err := a.b.EveryExchange(ctx)
	if err != nil {
		return err
	}
	k := &a.books
	k.incoming, k.outgoing, k.transfers = histories{}, histories{}, histories{}
	k.changes = newChanges()
	if err := a.readChanges(ctx, a.tell); err != nil {
		return err
	}
	raised, err := a.readNumberings(ctx)
	if err != nil {
		return err
	}
	var histories []*history
	for _, x := range all {
		in, out, wired := newHistory(x.Topic(bank.Incoming)), newHistory(x.Topic(bank.Outgoing)), newHistory(x.Topic(bank.Transfers))
		in.raised = raised
		k.incoming[x.Key()], k.outgoing[x.Key()], k.transfers[x.Key()] = in, out, wired
		histories = append(histories, in, out, wired)
	}
	for _, h := range histories {
		if err := a.readRows(ctx, h); err != nil {
			return err
		}
		h.recorded = h.last
	}
	for _, read := range []func(context.Context) error{a.readProviders, a.readSales, a.readTransfers, a.readReturns, a.readOthers} {
		if err := read(ctx); err != nil {
			return err
		}
	}
	for _, h := range histories {
		if err := a.readRows(ctx, h); err != nil {
			return err
		}
	}
	for _, h := range k.incoming {
		a.report.HistoryRows += h.count
	}
	return nil
}

func (a *auditor) readProviders(ctx context.Context) error {
	a.books.providers = map[string]provider{}
	return each(ctx, a, bank.ClassProvider, func(id instrument.ID, p bank.Provider) {
		a.books.providers[p.Name] = provider{id, p}
	})
}

func (a *auditor) readSales(ctx context.Context) error {
	a.books.sales = map[instrument.ID]*sale{}
	return each(ctx, a, bank.ClassWithdrawal, func(id instrument.ID, w taler.Withdrawal) {
		a.books.sales[id] = saleOf(id, w)
		a.report.Withdrawals++
		if w.State == taler.StateConfirmed {
			a.report.Confirmed++
		}
	})
}

func (a *auditor) readTransfers(ctx context.Context) error {
	a.books.wiredOf = map[taler.WOPID][]wired{}
	return each(ctx, a, bank.ClassTransfer, func(id instrument.ID, t taler.Transfer) {
		a.books.wired = append(a.books.wired, wired{id, t})
		a.books.wiredOf[t.WOPID] = append(a.books.wiredOf[t.WOPID], wired{id, t})
	})
}

func (a *auditor) readReturns(ctx context.Context) error {
	a.books.returnsOf = map[taler.WOPID][]returned{}
	return each(ctx, a, bank.ClassReturn, func(id instrument.ID, r taler.Return) {
		a.books.returns = append(a.books.returns, returned{id, r})
		a.books.returnsOf[r.WOPID] = append(a.books.returnsOf[r.WOPID], returned{id, r})
	})
}

// readOthers reads what the books need of no other instruments: that they can be read.
func (a *auditor) readOthers(ctx context.Context) error {
	for _, class := range a.classes() {
		switch class {
		case bank.ClassProvider, bank.ClassWithdrawal, bank.ClassTransfer, bank.ClassReturn:
			continue
		}
		if err := each(ctx, a, class, func(instrument.ID, json.RawMessage) {}); err != nil {
			return err
		}
	}
	return nil
}

// each reads all instruments of a class, the oldest first. One that cannot be read is a
// difference, and nothing else is said of it.
func each[S any](ctx context.Context, a *auditor, class instrument.ClassID, found func(instrument.ID, S)) error {
	f := instrument.Filter{Class: class, Limit: atOnce}
	return a.b.Instruments().Walk(ctx, f, func(i instrument.Instance) (bool, error) {
		a.books.changes.see(i)
		if err := a.compareFurtherKeys(ctx, i); err != nil {
			return false, err
		}
		var state S
		if err := i.Decode(&state); err != nil {
			a.differs(Difference{Kind: RecordUnreadable}, "%s %s cannot be read", class, i.ID)
		} else {
			found(i.ID, state)
		}
		return true, nil
	}, func(id instrument.ID, err error) error {
		a.books.changes.closed[id] = true
		a.differs(Difference{Kind: RecordUnreadable}, "a %s cannot be read: %s", class, fault.From(err).Message)
		return nil
	})
}
