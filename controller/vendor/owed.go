package vendor

import (
	"context"
	"errors"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// owed are the payments into accounts that may not be credited yet. A payment and its credit are two
// commits, and any process of this terminal may have made the first one, or have died after it. So
// they are read from the store: at first what is paid, later what the journal says is paid since.
type owed struct {
	mu    sync.Mutex // held while the store is read
	begun bool
	read  instrument.Seq    // the last entry of the journal that was read
	stamp *instrument.Stamp // of card payments, before it was read; nil: not known

	known struct {
		sync.Mutex
		all map[string]bool // by reference
	}
}

// journalled is how many entries of the journal are read at a time.
const journalled = 256

// creditOwed credits what was paid into accounts and is in none of them yet, whoever took it. It is
// called before an account is used, so that whoever has paid in finds the money there. What cannot be
// credited because of itself, such as more than its account can hold, holds up no other account: it
// is logged, and the next life tries it again.
func (t *Terminal) creditOwed(ctx context.Context) error {
	if err := t.findOwed(ctx); err != nil {
		return err
	}
	var failed []error
	for _, reference := range t.owed.list() {
		err := t.credit(ctx, reference)
		switch {
		case err == nil:
		case lasting(err):
			t.Log().Error("what was paid into an account cannot be credited", "reference", reference, "error", err)
		default:
			failed = append(failed, err)
			continue
		}
		t.owed.drop(reference)
	}
	return errors.Join(failed...)
}

// lasting reports whether a credit fails in the same way whenever it is tried: it is refused, or what
// is on record of it was altered.
func lasting(err error) bool {
	return errors.Is(err, fault.Invalid) || errors.Is(err, fault.NotFound) || altered(err)
}

// altered reports whether a record does not bear the seal that it was written under.
func altered(err error) bool { return fault.ReasonOf(err) == "seal-broken" }

// findOwed notes the payments into accounts that were committed before it was called. The journal is
// not read where nobody can have made a payment by card since the last time.
func (t *Terminal) findOwed(ctx context.Context) error {
	o := &t.owed
	o.mu.Lock()
	defer o.mu.Unlock()
	now, known := t.Instruments().Stamp(ClassCardPayment)
	if known && o.stamp != nil && *o.stamp == now {
		return nil
	}
	o.stamp = nil
	if !o.begun {
		next, err := t.Instruments().Next(ctx, instrument.Operations)
		if err != nil {
			return err
		}
		if err := t.findPaid(ctx); err != nil {
			return err
		}
		o.begun, o.read = true, next-1
	}
	for {
		page, err := t.Instruments().Journal(ctx, instrument.Operations, instrument.Page{After: o.read, Limit: journalled})
		if err != nil {
			return err
		}
		for _, e := range page {
			if e.Class == ClassCardPayment && e.Status == cardPaid {
				i, err := t.Instruments().View(ctx, e.Instance)
				if err := t.noteOwed(e.Instance, i, err); err != nil {
					return err
				}
			}
			o.read = e.Seq
		}
		if len(page) < journalled {
			break
		}
	}
	if known {
		o.stamp = &now
	}
	return nil
}

// findPaid notes the payments into accounts of the past. Which of them are credited, credit finds out.
func (t *Terminal) findPaid(ctx context.Context) error {
	each := func(i instrument.Instance) (more bool, err error) { return true, t.noteOwed(i.ID, i, nil) }
	return t.Instruments().Walk(ctx, instrument.Filter{Class: ClassCardPayment, Status: cardPaid}, each, func(id instrument.ID, err error) error {
		return t.noteOwed(id, instrument.Instance{}, err)
	})
}

// noteOwed notes what is on record of a payment by card, if it goes into an account. What cannot be
// read, because it was altered, is logged and passed over: all other accounts are used as before.
func (t *Terminal) noteOwed(id instrument.ID, i instrument.Instance, err error) error {
	var p cardPayment
	if err == nil {
		p, err = cardPaymentOf(i)
	}
	switch {
	case altered(err):
		t.Log().Error("a card payment cannot be read: if it was paid into an account, it is not credited", "payment", id, "error", err)
		return nil
	case err != nil:
		return err
	}
	if _, into := topUp(p.Reference); into {
		t.owed.add(p.Reference)
	}
	return nil
}

func (o *owed) add(reference string) {
	o.known.Lock()
	defer o.known.Unlock()
	if o.known.all == nil {
		o.known.all = map[string]bool{}
	}
	o.known.all[reference] = true
}

func (o *owed) drop(reference string) {
	o.known.Lock()
	defer o.known.Unlock()
	delete(o.known.all, reference)
}

func (o *owed) list() (all []string) {
	o.known.Lock()
	defer o.known.Unlock()
	for reference := range o.known.all {
		all = append(all, reference)
	}
	return all
}

// credit books one card payment into the account that its reference names. The reference
// is a unique key of the credit, so the payment is booked once, however often and by
// however many processes this is called.
func (t *Terminal) credit(ctx context.Context, reference string) error {
	if _, err := t.Instruments().Find(ctx, ClassCredit, "source", reference); !errors.Is(err, fault.NotFound) {
		return err
	}
	account, _ := topUp(reference)
	paid, err := t.cardPayment(ctx, reference)
	if err != nil {
		return err
	}
	return t.alone(ctx, controller.Transaction{
		Protocol: ProtocolPrepaid, Operation: OperationCredit, Class: ClassPrepaid,
		Args: map[string]any{"account": account, "amount": paid.Amount, "source": reference},
	}, nil)
}
