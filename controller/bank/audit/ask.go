package audit

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// asker asks one provider, so many questions in a second at most. It only asks
// what changes nothing.
type asker struct {
	a        *auditor
	provider provider
	self     profile.Principal
	pace     *time.Ticker

	mu   sync.Mutex
	down *fault.Fault // why it is asked no more; nil: it is
	left int          // withdrawals that were not compared for that reason
	odd  int          // how many withdrawals in a row it has answered about in a way that cannot be read
}

// oddities is how many answers in a row that cannot be read are the provider's fault, and not that
// of single payments.
const oddities = 10

// askProviders compares every withdrawal that was asked for with its provider's own ledger.
func (a *auditor) askProviders(ctx context.Context) error {
	self, err := a.b.Own(ctx)
	if err != nil {
		return err
	}
	of := map[string][]*sale{}
	for _, s := range a.books.sales {
		if !s.admin && a.wanted(s) {
			a.report.Asked++
			of[s.payment.provider] = append(of[s.payment.provider], s)
		}
	}
	var all sync.WaitGroup
	for name, sales := range of {
		p, known := a.books.providers[name]
		if !known {
			a.differs(Difference{Kind: ProviderUnknown, Provider: name}, "a provider that is not on record is named by %s", fault.Count(len(sales), "withdrawal"))
			continue
		}
		x := &asker{a: a, provider: p, self: self, pace: time.NewTicker(time.Second / time.Duration(a.o.PerSecond))}
		all.Go(func() { x.compare(ctx, sales) })
	}
	all.Wait()
	return ctx.Err()
}

// wanted reports whether the provider is asked about a withdrawal. Without Options.Since it is
// asked about all. With it, about those that are open or were when the journal was read, and
// those of which the journal has an entry since then, of their own or of money that went back.
func (a *auditor) wanted(s *sale) bool {
	if a.o.Since.IsZero() || !s.state.Final() || s.undecided {
		return true
	}
	moved := func(id instrument.ID) bool {
		told, known := a.books.changes.told[id]
		return !known || !told.since.Before(a.o.Since)
	}
	if moved(s.id) || a.books.changes.told[s.id].status != string(s.state) {
		return true
	}
	return slices.ContainsFunc(a.books.wiredOf[s.wopid], func(w wired) bool { return moved(w.id) }) ||
		slices.ContainsFunc(a.books.returnsOf[s.wopid], func(r returned) bool { return moved(r.id) })
}

// compare asks about all withdrawals of the provider, some at a time.
func (x *asker) compare(ctx context.Context, sales []*sale) {
	defer x.pace.Stop()
	next := make(chan *sale)
	var work sync.WaitGroup
	for range x.a.o.AtOnce {
		work.Go(func() {
			for s := range next {
				x.note(s, x.look(ctx, s))
			}
		})
	}
	for _, s := range sales {
		next <- s
	}
	close(next)
	work.Wait()
	if x.down != nil && ctx.Err() == nil {
		x.a.differs(Difference{Kind: ProviderUnreachable, Provider: x.provider.Name}, "what the provider has could not be compared with %s: %s", fault.Count(x.left, "withdrawal"), x.down.Message)
	}
}

// note notes how asking about a withdrawal has ended; nil: it was compared. An answer that cannot
// be read is a difference of that withdrawal alone: whoever makes such a payment must not keep
// all others from being compared. Any other error, or oddities of these in a row, mean that the
// provider is not asked any more.
func (x *asker) note(s *sale, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case err == nil:
		x.odd = 0
		return
	case x.down == nil && fault.ReasonOf(err) == "answer-malformed":
		if x.odd++; x.odd < oddities {
			x.a.differs(Difference{Kind: PaymentUnreadable, WOPID: s.wopid.Text(), Provider: x.provider.Name},
				"what the provider says of its payments cannot be read, so nothing of them is known: %s", fault.From(err).Message)
			return
		}
	}
	x.left++
	if x.down == nil {
		x.down = fault.From(err)
	}
}

// givenUp is why the provider is asked no more; nil: it is.
func (x *asker) givenUp() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.down == nil {
		return nil
	}
	return x.down
}

// search asks for all payments with a reference (card.pay SEARCH).
func (x *asker) search(ctx context.Context, reference string) ([]protocol.Facts, error) {
	var found protocol.Found
	err := x.ask(ctx, bank.OperationSearch, map[string]string{"reference": reference}, &found)
	return found.Payments, err
}

// find asks about one payment by the provider's name for it (card.pay VERIFY). known is false
// if the provider does not have it; that is no error.
func (x *asker) find(ctx context.Context, transaction string) (f protocol.Facts, known bool, err error) {
	err = x.ask(ctx, bank.OperationVerify, map[string]string{"transaction": transaction}, &f)
	if fault.ReasonOf(err) == "transaction-unknown" {
		return f, false, nil
	}
	return f, err == nil, err
}

// ask asks until there is an answer, Options.Tries times at most, Options.Pause apart and no
// faster than Options.PerSecond. It does not ask a provider that was given up.
func (x *asker) ask(ctx context.Context, operation string, args, into any) error {
	for n := 1; ; n++ {
		if err := x.givenUp(); err != nil {
			return err
		}
		if err := wait(ctx, x.pace.C); err != nil {
			return err
		}
		err := x.once(ctx, operation, args, into)
		if err == nil || fault.ReasonOf(err) == "transaction-unknown" || n == x.a.o.Tries {
			return err
		}
		timer := time.NewTimer(x.a.o.Pause)
		err = wait(ctx, timer.C)
		timer.Stop()
		if err != nil {
			return err
		}
	}
}

func (x *asker) once(ctx context.Context, operation string, args, into any) error {
	short, cancel := context.WithTimeout(ctx, x.a.o.Within)
	defer cancel()
	result, err := x.a.b.Execute(short, controller.Transaction{
		Principal: x.self, Protocol: bank.ProtocolCard, Operation: operation, Class: bank.ClassProvider,
		Instruments: []instrument.ID{x.provider.at}, Args: args, Within: x.a.o.Within,
	})
	if fault.ReasonOf(err) == protocol.ReasonPending && ctx.Err() == nil {
		return fault.Wrap(err, fault.Timeout, "it has not answered within %s", x.a.o.Within)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(result.Value, into)
}

func wait(ctx context.Context, c <-chan time.Time) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
