package bank

import (
	"context"
	"slices"
	"sync"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// NextTransfer waits for a transfer of an exchange that is not final and was not handed
// out in this life of the bank, the oldest first. Its caller keeps the transfer, asks the
// provider as often as needed, and says with ReportTransfer what became of it. If the
// process ends before that, the next life hands the transfer out again: so a refund must
// be asked for under the transfer's own name, its request_uid. When ctx ends, NextTransfer
// returns its error.
func (b *Bank) NextTransfer(ctx context.Context, x Exchange) (OpenTransfer, error) {
	var next OpenTransfer
	var found bool
	h := b.handingOf(x)
	err := b.Instruments().WaitTopic(ctx, x.Topic(Transfers), func(ctx context.Context) (_ bool, err error) {
		next, found, err = b.handOut(ctx, h)
		return found, err
	})
	if err == nil && !found {
		err = ctx.Err()
	}
	return next, err
}

// handing is how far an exchange's transfers were handed out in this life.
type handing struct {
	topic   instrument.Topic
	carried bool // the bank carries them out; under its mu

	mu   sync.Mutex
	read instrument.Seq  // of the topic
	left []instrument.ID // what earlier lives have left open, the oldest first
}

func (b *Bank) handingOf(x Exchange) *handing {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.handing[x.Key()] == nil {
		b.handing[x.Key()] = &handing{topic: x.Topic(Transfers)}
	}
	return b.handing[x.Key()]
}

// openTransfers are those that have not ended, of all exchanges.
func (b *Bank) openTransfers(ctx context.Context, closed func(instrument.ID, error) error) ([]OpenTransfer, error) {
	var out []OpenTransfer
	for _, status := range []taler.TransferState{taler.TransferPending, taler.TransferTransient} {
		f := instrument.Filter{Class: ClassTransfer, Status: string(status)}
		err := scan(ctx, b, f, func(i instrument.Instance, t taler.Transfer) (bool, error) {
			out = append(out, OpenTransfer{i.ID, t})
			return true, nil
		}, closed)
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// resumeTransfers finds the transfers that earlier lives have left open, those of removed
// exchanges included, and begins to carry them out. It returns before anybody is served,
// so all later ones are found by following the topic.
func (b *Bank) resumeTransfers(ctx context.Context) error {
	all, err := b.EveryExchange(ctx)
	if err != nil {
		return err
	}
	open, err := b.openTransfers(ctx, b.passes)
	if err != nil {
		return err
	}
	for _, x := range all {
		h := b.handingOf(x)
		if h.read, err = b.lastRow(ctx, h.topic); err != nil {
			return err
		}
		for _, t := range open {
			if t.Transfer.Exchange == x.Key() {
				h.left = append(h.left, t.ID)
			}
		}
		slices.Sort(h.left) // ids made later sort later
		b.carry(x)
	}
	return nil
}

// carry begins to carry out an exchange's transfers, unless it has begun before. An
// exchange may be added while the bank runs.
func (b *Bank) carry(x Exchange) {
	if b.cfg.HandsOut {
		return
	}
	h := b.handingOf(x)
	b.mu.Lock()
	begin := !h.carried
	h.carried = true
	b.mu.Unlock()
	if begin {
		b.background(func() { b.refundTransfers(x) })
	}
}

// handOut is the next open transfer that was not handed out, if there is one.
func (b *Bank) handOut(ctx context.Context, h *handing) (OpenTransfer, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		id, at, found, err := b.unread(ctx, h)
		if err != nil || !found {
			return OpenTransfer{}, false, err
		}
		t, err := b.transferAt(ctx, id)
		altered := isAltered(err)
		if err != nil && !altered {
			return OpenTransfer{}, false, err
		}
		if len(h.left) > 0 {
			h.left = h.left[1:]
		} else {
			h.read = at
		}
		switch {
		case altered:
			_ = b.passes(id, err)
		case !t.State.Final():
			return OpenTransfer{id, t}, true, nil
		}
	}
}

// unread names the next transfer to look at, and its place in the topic if it
// comes from there.
func (b *Bank) unread(ctx context.Context, h *handing) (instrument.ID, instrument.Seq, bool, error) {
	if len(h.left) > 0 {
		return h.left[0], 0, true, nil
	}
	next, err := b.Instruments().Journal(ctx, h.topic, instrument.Page{After: h.read, Limit: 1})
	if err != nil || len(next) == 0 {
		return "", 0, false, err
	}
	return next[0].Instance, next[0].Seq, true, nil
}
