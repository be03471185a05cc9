//go:build unix

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// kill says what is to be killed in one run: at which point of which process.
type kill struct {
	client, vendor arm
	keyed          bool // the person gives a key, the same in all lives; else each life takes a new id
}

func (k kill) String() string {
	who := func(name string, a arm) string {
		switch {
		case a.Kill == 0:
			return ""
		case a.Plugin:
			return fmt.Sprintf("the %s's plugin at its point %d ", name, a.Kill)
		}
		return fmt.Sprintf("the %s at its point %d ", name, a.Kill)
	}
	return who("client", k.client) + who("vendor", k.vendor)
}

// report is what came of a run.
type report struct {
	client, vendor []string // points that were passed in the lives that live
	deaths         []string
	outcome        outcome
	took           time.Duration
	problems       []string
}

// run makes one payment, kills on the way, waits until all is over and checks.
func (w *world) run(k kill) (r report) {
	begun := time.Now()
	m, coin := w.mark(), w.coin()
	within := time.Now().Add(patience)
	if err := w.prepare(k, within); err != nil {
		return report{problems: []string{"it did not begin: " + err.Error()}}
	}
	out, err := w.pays(k, coin, m, within)
	if err != nil {
		r.problems = append(r.problems, "the payment did not end: "+err.Error())
	}
	r.outcome = out
	if err := w.settle(m, within); err != nil {
		r.problems = append(r.problems, err.Error())
	}
	r.client, r.vendor = w.client.trace(), w.vendor.trace()
	for _, s := range []side{w.client, w.vendor} {
		_, _ = s.ask(asked{Arm: &arm{}})
		r.deaths = append(r.deaths, s.died()...)
	}
	r.problems = append(r.problems, w.verdict(m, coin, out)...)
	r.took = time.Since(begun)
	return r
}

func (s *side) trace() []string {
	t, err := s.ask(asked{Trace: true})
	if err != nil {
		return nil
	}
	return t.Points
}

// prepare has the client negotiate, and only then lets points count.
func (w *world) prepare(k kill, within time.Time) error {
	for {
		_, err := w.client.ask(asked{Ready: &ready{Peer: w.peer, Protocol: w.protocol}})
		if err == nil {
			break
		}
		if time.Now().After(within) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	_, err := w.vendor.ask(asked{Arm: &k.vendor})
	if err == nil {
		_, err = w.client.ask(asked{Arm: &k.client})
	}
	return err
}

// pays asks for the payment, again in each life, until it has ended or cannot.
func (w *world) pays(k kill, coin instrument.ID, m mark, within time.Time) (outcome, error) {
	defer w.watch(m)()
	p := purchase{Coin: coin, Last: m.client.last}
	if k.keyed {
		p.Key = string(coin)
	}
	for {
		t, err := w.client.ask(asked{Pay: &p})
		again := err != nil
		if err == nil {
			switch t.Outcome.Reason {
			case "not-ready":
				_, err = w.client.ask(asked{Ready: &ready{Peer: w.peer, Protocol: w.protocol}})
				again = true
			case "plugin-crashed": // without a trace: the person tries again
				again = t.Outcome.Kind == fault.Unavailable.String() && len(w.client.rows(m.client.number)) == 0
			}
		}
		if !again {
			return *t.Outcome, nil
		}
		switch {
		case w.vendor.stuck(m.vendor.number):
			return outcome{}, errStuck
		case time.Now().After(within):
			return outcome{}, errors.Join(err, errors.New("it took too long"))
		}
		if err != nil && !errors.Is(err, errGone) {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

var errStuck = errors.New("the vendor's operation waits for its operator")

// watch ends the client's life once the vendor's operation waits for its operator: the client would ask
// for as long as it lives. The function that it returns ends the watch.
func (w *world) watch(m mark) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil && !w.vendor.stuck(m.vendor.number) {
			time.Sleep(10 * time.Millisecond)
		}
		if c, err := w.client.life(); err == nil && ctx.Err() == nil {
			c.kill()
		}
	}()
	return func() { cancel(); <-done }
}

// settle waits until nothing of the run runs any more at either side.
func (w *world) settle(m mark, within time.Time) error {
	for {
		open := 0
		for _, rows := range [][]row{w.client.rows(m.client.number), w.vendor.rows(m.vendor.number)} {
			for _, r := range rows {
				if r.state == "running" {
					open++
				}
			}
		}
		_, gone1 := w.client.life()
		_, gone2 := w.vendor.life()
		if err := errors.Join(gone1, gone2); err != nil {
			return fmt.Errorf("a party could not be started again: %w", err)
		}
		if open == 0 {
			return nil
		}
		if w.vendor.stuck(m.vendor.number) {
			return fmt.Errorf("%d operations still run: %w", open, errStuck)
		}
		if time.Now().After(within) {
			return fmt.Errorf("%d operations still run", open)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func contextWithin() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// over ends a world: power is cut, both parties start once more, make a payment
// and go on with their own work. Then nothing is left of all that was.
func (w *world) over() []string {
	for _, s := range []side{w.client, w.vendor} {
		if c, err := s.life(); err == nil {
			c.kill()
		}
	}
	problems := w.run(kill{}).problems
	for name, s := range map[string]*side{"client": &w.client, "vendor": &w.vendor} {
		if problem := s.tidies(); problem != "" {
			problems = append(problems, "the "+name+" "+problem)
		}
	}
	if open := w.vendor.texts(`SELECT id FROM operations WHERE side = 'servicer' AND heard = 0`); len(open) > mayBeUnheard {
		problems = append(problems, fmt.Sprintf("the vendor has not heard of the ends of %d payments: %.8s…", len(open), open[0]))
	}
	w.close()
	return problems
}

// tidies has the side make units of work until the logs of what has ended have gone
// with one. Who was answered may ask before the clean-up is in line for the next.
func (s *side) tidies() string {
	for last := patienceFromNow(); ; {
		if _, err := s.ask(asked{Note: true}); err != nil {
			return fmt.Sprintf("makes no unit of work: %v", err)
		}
		left := s.texts(`SELECT DISTINCT operation FROM operation_log`)
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(last) {
			return fmt.Sprintf("still has a log of %d operations: %.8s…", len(left), left[0])
		}
	}
}

// mayBeUnheard is how many payments a vendor may not know to be over: the last
// one, for its end is told with the next.
const mayBeUnheard = 1

func (w *world) close() {
	w.client.keeper.close()
	w.vendor.keeper.close()
}

func patienceFromNow() time.Time { return time.Now().Add(patience) }
