package vendor_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

func TestAWithdrawalEndsAsTheCardDoes(t *testing.T) {
	for _, row := range []struct {
		name    string
		card    string
		person  customer
		late    bool
		events  []string
		kind    fault.Kind // 0: it went well
		state   taler.State
		charged int
	}{
		{"approved", "approved", customer{}, false, []string{"setup", "selected", "paid", "confirmed"}, 0, taler.StateConfirmed, 1},
		{"declined", "declined", customer{}, false, []string{"setup", "selected", "aborted"}, fault.Declined, taler.StateAborted, 1},
		{"the answer is missing", "approved", customer{}, true, []string{"setup", "selected", "unknown", "paid", "confirmed"}, 0, taler.StateConfirmed, 1},
		{"the answer to a refusal is missing", "declined", customer{}, true, []string{"setup", "selected", "unknown", "aborted"}, fault.Declined, taler.StateAborted, 1},
		{"the customer does not accept", "approved", customer{refuses: true}, false, []string{"setup", "aborted"}, fault.Declined, taler.StateAborted, 0},
		{"another wallet was first", "approved", customer{other: true}, false, []string{"setup", "selected", "aborted"}, fault.Declined, taler.StateAborted, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, person := newCast(t), row.person
			c.cards.Be(func(m *banktest.Mood) { m.Late = row.late })
			person.on = c.selects(t, newPurse(t, 1))
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: row.card}, &person)
			if fault.KindOf(err) != row.kind || !slices.Equal(person.events, row.events) {
				t.Fatalf("error %v, events %v", err, person.events)
			}
			status, err := c.bank.Wallet().Operation(t.Context(), w.WOPID, taler.LongPoll{})
			if err != nil || status.Status != row.state {
				t.Errorf("at the bank it is %s, %v", status.Status, err)
			}
			if c.cards.Times() != row.charged {
				t.Errorf("the card was charged %d times", c.cards.Times())
			}
			if q := person.quote; q.Total.String() != "CHF:20.5" || q.Fees.String() != "CHF:0.5" || q.Terms.Text != "Be kind." {
				t.Errorf("the customer saw %+v", q)
			}
			if row.state == taler.StateConfirmed && (w.Terms.Version == "" || w.Terms.AcceptedAt == 0) {
				t.Errorf("the acceptance was recorded as %+v", w.Terms)
			}
		})
	}
}

// TestAChargedCardIsNeverChargedAgain ends the terminal where the provider's
// answer is missing, and goes on later.
func TestAChargedCardIsNeverChargedAgain(t *testing.T) {
	for _, row := range []struct {
		name            string
		waiting, queued bool
		events          []string
	}{
		{"paid meanwhile", false, false, []string{"setup", "selected", "paid", "confirmed"}},
		{"not decided yet", true, false, []string{"setup", "selected", "unknown", "paid", "confirmed"}},
		{"not there yet", false, true, []string{"setup", "selected", "unknown", "paid", "confirmed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCast(t)
			c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting, m.Queued = true, row.waiting, row.queued })
			ctx, cut := context.WithCancel(t.Context())
			defer cut()
			selects := c.selects(t, newPurse(t, 1))
			before := customer{on: func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventUnknown {
					cut()
				}
			}}
			w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &before)
			if !errors.Is(err, fault.Unknown) || w.Status != taler.TerminalSelected {
				t.Fatalf("error %v, %s", err, w.Status)
			}
			after := customer{on: func(e vendor.Event) {
				if e.Event == vendor.EventUnknown {
					c.cards.Settle()
				}
			}}
			w, err = c.Resume(t.Context(), w.WOPID, "approved", &after)
			if err != nil || !slices.Equal(after.events, row.events) || w.Transaction != "pay-1" {
				t.Errorf("error %v, events %v, transaction %s", err, after.events, w.Transaction)
			}
			if c.cards.Times() != 1 {
				t.Errorf("the card was charged %d times", c.cards.Times())
			}
		})
	}
}

// TestWhatWentBackIsNotTakenAgain: the merchant has given the money back at the provider
// before the terminal has heard of the payment, at work or after a crash. The customer may
// be gone, and begins another withdrawal.
func TestWhatWentBackIsNotTakenAgain(t *testing.T) {
	for name, crash := range map[string]int{"at work": 0, "after a crash": 1, "after a crash behind the look": 2} {
		t.Run(name, func(t *testing.T) {
			c := newCast(t)
			c.cards.Be(func(m *banktest.Mood) { m.Late = true })
			ctx, cut := context.WithCancel(t.Context())
			defer cut()
			selects := c.selects(t, newPurse(t, 1))
			person := customer{on: func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventUnknown {
					c.cards.GaveBack()
					if crash > 0 {
						cut()
					}
				}
			}}
			order := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}
			w, err := c.Withdraw(ctx, order, &person)
			if crash > 1 {
				check(t, c.LookUp(t.Context(), w))
			}
			if crash > 0 {
				w, err = c.Resume(t.Context(), w.WOPID, "approved", &customer{})
			}
			if w.Status != taler.TerminalAborted || w.Reason != "the payment was given back" || c.cards.Times() != 1 {
				t.Errorf("it is %s, for %q: %v; charged %d times", w.Status, w.Reason, err, c.cards.Times())
			}
		})
	}
}

// TestAChargeThatFailedMeanwhile is one that the customer hears of, and after a crash one
// that does not keep them from paying.
func TestAChargeThatFailedMeanwhile(t *testing.T) {
	for crash, row := range map[bool]struct {
		status string
		times  int
	}{false: {taler.TerminalAborted, 1}, true: {taler.TerminalConfirmed, 2}} {
		c := newCast(t)
		c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = true, true })
		ctx, cut := context.WithCancel(t.Context())
		defer cut()
		selects := c.selects(t, newPurse(t, 1))
		person := customer{on: func(e vendor.Event) {
			if selects(e); e.Event == vendor.EventUnknown {
				if c.cards.Fails(); crash {
					cut()
				}
			}
		}}
		w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
		if crash {
			c.cards.Be(func(m *banktest.Mood) { m.Waiting = false })
			w, err = c.Resume(t.Context(), w.WOPID, "approved", &customer{})
		}
		if w.Status != row.status || c.cards.Times() != row.times || (err == nil) != crash || !crash && w.Reason != "the card was declined" {
			t.Errorf("after a crash: %v; it is %s after %d charges: %v", crash, w.Status, c.cards.Times(), err)
		}
	}
}

// TestAProviderIsAskedUntilItSays, of a card that it may have charged, what became of that: also
// when it is away in between, or has not decided. The customer stands there.
func TestAProviderIsAskedUntilItSays(t *testing.T) {
	for _, row := range []struct {
		name string
		away bool
	}{{"away", true}, {"undecided", false}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newCast(t)
			c.cards.Be(func(m *banktest.Mood) { m.Late, m.Waiting = row.away, !row.away })
			selects := c.selects(t, newPurse(t, 1))
			unknown := 0
			person := customer{on: func(e vendor.Event) {
				if selects(e); e.Event != vendor.EventUnknown {
					return
				}
				if unknown++; unknown == 1 {
					c.away.Store(row.away)
					return
				}
				c.away.Store(false)
				c.cards.Settle()
			}}
			w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
			want := []string{"setup", "selected", "unknown", "unknown", "paid", "confirmed"}
			if err != nil || w.Status != taler.TerminalConfirmed || !slices.Equal(person.events, want) || c.cards.Times() != 1 {
				t.Errorf("%s, %v, events %v, charged %d times", w.Status, err, person.events, c.cards.Times())
			}
		})
	}
}

// A charge that was lost on its way is sent again, when it can no more arrive.
func TestAChargeThatNeverArrivedIsSentAgain(t *testing.T) {
	c := newCast(t)
	c.cards.Be(func(m *banktest.Mood) { m.Lost = true })
	selects := c.selects(t, newPurse(t, 1))
	unknown := 0
	person := customer{on: func(e vendor.Event) {
		selects(e)
		if e.Event != vendor.EventUnknown {
			return
		}
		c.cards.Be(func(m *banktest.Mood) { m.Lost = false })
		if unknown++; unknown == 2 {
			c.later.Add(int64(5 * time.Minute))
		}
	}}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	if err != nil || w.Transaction != "pay-1" || !slices.Equal(person.events, []string{"setup", "selected", "unknown", "unknown", "paid", "confirmed"}) {
		t.Errorf("error %v, events %v, transaction %q", err, person.events, w.Transaction)
	}
}

// TestAProviderThatIsAwayIsNoEnd: who stands at the terminal is told whether the
// card was charged, and how to go on.
func TestAProviderThatIsAwayIsNoEnd(t *testing.T) {
	for _, row := range []struct {
		name  string
		begun bool // a payment of before whose outcome is not known
		says  string
	}{
		{"before anything was charged", false, "nothing was charged"},
		{"after an answer was missing", true, "whether the card was charged is not known"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newCast(t)
			ctx, cut := context.WithCancel(t.Context())
			defer cut()
			selects := c.selects(t, newPurse(t, 1))
			c.cards.Be(func(m *banktest.Mood) { m.Late = row.begun })
			c.away.Store(!row.begun)
			first := customer{on: func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventUnknown {
					cut()
				}
			}}
			w, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &first)
			if row.begun {
				c.away.Store(true)
				w, err = c.Resume(t.Context(), w.WOPID, "approved", &customer{})
			}
			f := fault.From(err)
			if f == nil || f.Kind != fault.Unavailable || !strings.Contains(f.Message, row.says) || !strings.Contains(f.Hint, "`terminal resume "+w.WOPID.Text()[:8]+"`") {
				t.Fatalf("it is told as %+v", f)
			}
			c.away.Store(false)
			if w, err = c.Resume(t.Context(), w.WOPID, "approved", &customer{}); err != nil || w.Status != taler.TerminalConfirmed || c.cards.Times() != 1 {
				t.Errorf("%s, %v, charged %d times", w.Status, err, c.cards.Times())
			}
		})
	}
}

func TestTheSameKeyIsTheSameWithdrawal(t *testing.T) {
	c := newCast(t)
	first := customer{on: c.selects(t, newPurse(t, 1))}
	one, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &first)
	check(t, err)
	again := customer{}
	two, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &again)
	if err != nil || two.WOPID != one.WOPID || !slices.Equal(again.events, []string{"setup", "selected", "confirmed"}) || c.cards.Times() != 1 {
		t.Errorf("%s and %s, error %v, events %v and %v, charged %d times", one.WOPID, two.WOPID, err, first.events, again.events, c.cards.Times())
	}
	other := customer{}
	if _, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:30"), Card: "approved"}, &other); !errors.Is(err, fault.Conflict) {
		t.Errorf("another amount: %v", err)
	}
}

// Two processes that go on with one withdrawal at the same time both see how it ends: none
// of them is refused because the other one was faster.
func TestTwoThatGoOnWithAWithdrawalSeeHowItEnds(t *testing.T) {
	for _, at := range []string{vendor.EventSelected, vendor.EventPaid} {
		c := newCast(t)
		selects := c.selects(t, newPurse(t, 1))
		want := vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}
		other := customer{}
		one := customer{on: func(e vendor.Event) {
			if selects(e); e.Event != at {
				return
			}
			if _, err := c.Withdraw(t.Context(), want, &other); err != nil {
				t.Errorf("the other one: %v", err)
			}
		}}
		w, err := c.Withdraw(t.Context(), want, &one)
		if err != nil || w.Status != taler.TerminalConfirmed || one.last.Event != vendor.EventConfirmed || other.last.Event != vendor.EventConfirmed || c.cards.Times() != 1 {
			t.Errorf("overtaken when it is %s: %s, %v, events %v and %v, charged %d times", at, w.Status, err, one.events, other.events, c.cards.Times())
		}
	}
}

func TestTheBeginningOfAWOPIDNamesIt(t *testing.T) {
	c := newCast(t)
	person := customer{on: c.selects(t, newPurse(t, 1))}
	w, err := c.Withdraw(t.Context(), vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20"), Card: "approved"}, &person)
	check(t, err)
	text := w.WOPID.Text()
	for _, row := range []struct {
		name, prefix string
		found        bool
	}{
		{"whole", text, true},
		{"eight characters", text[:8], true},
		{"small letters", strings.ToLower(text[:12]), true},
		{"letters for digits", strings.NewReplacer("0", "O", "1", "I", "V", "U").Replace(text), true},
		{"seven characters", text[:7], false},
		{"nothing", "", false},
		{"another", "ZZZZZZZZZZ", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := c.FindByPrefix(t.Context(), row.prefix)
			if row.found && (err != nil || got.WOPID != w.WOPID) || !row.found && !errors.Is(err, fault.NotFound) {
				t.Errorf("%s, %v", got.WOPID, err)
			}
		})
	}
}

func TestProvidersAreKeptByName(t *testing.T) {
	c := newCast(t)
	check(t, c.CheckProvider(t.Context(), "cards"))
	if err := c.AddProvider(t.Context(), vendor.CardProvider{Name: "cards", Kind: "simulator", URL: "http://127.0.0.1:9"}); fault.ReasonOf(err) != "name-taken" {
		t.Errorf("twice: %v", err)
	}
	if err := c.AddProvider(t.Context(), vendor.CardProvider{Name: "x", Kind: "simulator", URL: "ftp://127.0.0.1"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("no address: %v", err)
	}
	if err := c.CheckProvider(t.Context(), "none"); !errors.Is(err, fault.NotFound) {
		t.Errorf("unknown: %v", err)
	}
	check(t, c.RemoveProvider(t.Context(), "cards"))
	if all, err := c.Providers(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := c.Provider(t.Context()); !errors.Is(err, fault.NotFound) {
		t.Errorf("none left: %v", err)
	}
}
