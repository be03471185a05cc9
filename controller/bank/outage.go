package bank

import (
	"errors"
	"maps"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// toldEvery is how often the log says at most that a provider does not answer, however
// many payments wait for it.
const toldEvery = time.Minute

// outage is how long a provider has not answered, and what the log has said of it.
type outage struct {
	since  time.Time // zero: it has answered last
	told   time.Time // when the log said it last
	failed int       // questions without an answer since then
	// silent are the questions without an answer since the beginning, the first few of them;
	// odd are those that had none while there were answers to others. A question that is odd
	// is no sign of an outage when it has no answer again.
	silent, odd map[string]bool
}

// few is how many questions at most may be odd after one outage: of more without an answer it
// is not each that has a reason of its own.
const few = 8

// unanswered is the fault of a question that a provider has not answered. The log has
// been told of it.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

func isUnanswered(err error) bool { return errors.As(err, new(unanswered)) }

// asked notes whether a provider has answered a question. The log hears of the first
// one that it did not, then once in toldEvery of how many there were, and when it
// answers again. What it answered is the business of who asked. So is a question that
// alone has no answer: the error is as it came then, and not unanswered.
func (b *Bank) asked(provider instrument.ID, question string, err error) error {
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Timeout, fault.Unknown:
	default:
		b.answered(provider, question)
		return err
	}
	if b.looking || b.life.Err() != nil { // a person is told, or nobody waits for it any more
		return err
	}
	now := b.Now()
	b.mu.Lock()
	o := b.outageOf(provider)
	if o.odd[question] {
		b.mu.Unlock()
		return err
	}
	if o.since.IsZero() {
		o.since, o.silent = now, map[string]bool{}
	}
	if len(o.silent) <= few {
		o.silent[question] = true
	}
	o.failed++
	failed, since := o.failed, o.since
	tell := now.Sub(o.told) >= toldEvery
	if tell {
		o.told, o.failed = now, 0
	}
	b.mu.Unlock()
	if tell {
		b.Log().Warn("a provider does not answer and will be asked again", "provider", b.named(provider), "failed", failed, "since", since, "error", err)
	}
	return unanswered{err}
}

// answered ends an outage, if there is one. What alone has had no answer in it is odd from
// then on, until it has one.
func (b *Bank) answered(provider instrument.ID, question string) {
	b.mu.Lock()
	o := b.outages[provider]
	if o == nil {
		b.mu.Unlock()
		return
	}
	delete(o.odd, question)
	if o.since.IsZero() {
		b.mu.Unlock()
		return
	}
	delete(o.silent, question)
	if len(o.silent) <= few {
		maps.Copy(o.odd, o.silent)
	}
	since, told := o.since, !o.told.Before(o.since)
	o.since, o.silent = time.Time{}, nil
	b.mu.Unlock()
	if told { // whoever has read the warning reads this, too
		b.Log().Warn("a provider answers again", "provider", b.named(provider), "after", b.Now().Sub(since))
	}
}

// outageOf is made when it is first needed. Its caller holds the lock.
func (b *Bank) outageOf(provider instrument.ID) *outage {
	if b.outages[provider] == nil {
		b.outages[provider] = &outage{odd: map[string]bool{}}
	}
	return b.outages[provider]
}

// named is what the operator calls a provider that was asked.
func (b *Bank) named(provider instrument.ID) string {
	name := string(provider)
	b.known.Range(func(key, of any) bool {
		if of.(found).at == provider {
			name = key.(string)
		}
		return true
	})
	return name
}
