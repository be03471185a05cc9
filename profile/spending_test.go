package profile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

func TestWhatALimitRefuses(t *testing.T) {
	for _, row := range []struct {
		name, limits string
		spends       []string // "class amount", settled one after the other
		want         fault.Reason
	}{
		{"nothing without limits", "", []string{"coupon CHF:1000000"}, ""},
		{"one operation", "operation CHF:5", []string{"coupon CHF:5", "coupon CHF:5.01"}, "above-limit"},
		{"one operation of a class", "coupon/operation CHF:5", []string{"card CHF:9", "coupon CHF:6"}, "above-limit"},
		{"up to the day's limit", "day CHF:5", []string{"coupon CHF:2.5", "card CHF:2.5"}, ""},
		{"above the day's limit", "day CHF:5", []string{"coupon CHF:2.5", "card CHF:2.5", "card CHF:0.00000001"}, "above-day-limit"},
		{"above the month's", "day CHF:5 month CHF:6", []string{"coupon CHF:4", "card CHF:1", "card CHF:2"}, "above-day-limit"},
		{"above the month's only", "month CHF:6", []string{"coupon CHF:4", "card CHF:3"}, "above-month-limit"},
		{"a class's day", "coupon/day CHF:5", []string{"card CHF:100", "coupon CHF:5", "coupon CHF:1"}, "above-day-limit"},
		{"a class's day, other classes apart", "coupon/day CHF:5", []string{"coupon CHF:5", "card CHF:100"}, ""},
		{"another currency", "day CHF:5", []string{"coupon EUR:50", "coupon CHF:5"}, ""},
		{"an account", "credit CHF:10", []string{"card CHF:9", "card CHF:2"}, "credit-overdrawn"},
		{"a class that is named", "only coupon", []string{"coupon CHF:1"}, ""},
		{"a class that is not", "only coupon", []string{"card CHF:1"}, "class-not-allowed"},
		{"a class that is not, for nothing", "only coupon", []string{"card CHF:0"}, "class-not-allowed"},
		{"a class that is named, for nothing", "only coupon day CHF:1", []string{"coupon CHF:0", "coupon CHF:1"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWallet(t)
			w.limit("gary", row.limits)
			for n, spend := range row.spends {
				class, sum, _ := strings.Cut(spend, " ")
				want := row.want
				if n < len(row.spends)-1 {
					want = ""
				}
				h := w.reserves(w.spend("gary", "gary", instrument.ClassID(class), sum), want)
				check(t, h.Settle(t.Context(), amount(t, sum)))
			}
		})
	}
}

// What was spent before there was a limit does not count against it, nor does what costs nothing.
func TestWhatNobodyLimitsDoesNotCount(t *testing.T) {
	w := newWallet(t)
	if h := w.reserves(w.spend("gary", "gary", "card", "CHF:4"), ""); h != nil {
		t.Errorf("without a limit %s is held", h.Sum())
	}
	w.limit("gary", "operation CHF:9")
	if h := w.reserves(w.spend("gary", "gary", "card", "CHF:4"), ""); h != nil {
		t.Errorf("without a limit for days %s is held", h.Sum())
	}
	w.limit("gary", "day CHF:5")
	if h := w.reserves(w.spend("gary", "gary", "card", "CHF:0"), ""); h != nil {
		t.Errorf("of nothing %s is held", h.Sum())
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
}

// Whoever is refused is told what would help: a day passes, and a credit line does not.
func TestWhatHelpsAgainstALimit(t *testing.T) {
	for text, want := range map[string]string{
		"operation CHF:5": "choose a smaller amount", "day CHF:5": "wait for the next one", "month CHF:5": "wait for the next one", "credit CHF:5": "settle the account",
	} {
		w := newWallet(t)
		w.limit("gary", text)
		_, err := w.Reserve(t.Context(), w.spend("gary", "gary", "card", "CHF:6"))
		if f := fault.From(err); err == nil || !strings.Contains(f.Hint, want) || !strings.Contains(f.Message, "CHF:5") {
			t.Errorf("%s: %v, hint %q", text, err, f.Hint)
		}
	}
}

// What is no spending, as a withdrawal is none, is bounded by the limit of one operation,
// and counts for no day.
func TestWhatIsNoSpendingCountsForNoDay(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "operation CHF:5 day CHF:5")
	withdrawal := func(sum string) profile.Action {
		a := w.spend("gary", "gary", "coin", sum)
		a.Spends = false
		return a
	}
	w.reserves(withdrawal("CHF:5.01"), "above-limit")
	for range 2 {
		check(t, w.reserves(withdrawal("CHF:5"), "").Settle(t.Context(), amount(t, "CHF:5")))
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
}

// Days and months are those of UTC, by the clock that was handed in; a sum
// belongs to the day in which it was reserved.
func TestDaysAndMonthsEndAtMidnightUTC(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5 month CHF:7")
	h := w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
	w.now = w.now.In(time.FixedZone("east", 8*3600)) // tomorrow there, and still today
	w.reserves(w.spend("gary", "gary", "card", "CHF:1"), "above-day-limit")
	w.now = w.now.Add(30 * time.Minute) // midnight, and a new month
	check(t, h.Settle(t.Context(), amount(t, "CHF:5")))
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
	w.now = w.now.Add(24 * time.Hour)
	w.reserves(w.spend("gary", "gary", "card", "CHF:3"), "above-month-limit")
	w.reserves(w.spend("gary", "gary", "card", "CHF:2"), "")
}

// What an operation does not move is given back, and what it moved stays, however
// often that is said.
func TestAReservationIsSettledOnce(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	h := w.reserves(a, "")
	w.reserves(w.spend("gary", "gary", "card", "CHF:1"), "above-day-limit")
	check(t, h.Settle(t.Context(), instrument.Amount{}))
	check(t, h.Settle(t.Context(), amount(t, "CHF:5"))) // too late
	h = w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
	check(t, h.Settle(t.Context(), amount(t, "CHF:4"))) // less than it might have
	check(t, h.Settle(t.Context(), instrument.Amount{}))
	w.reserves(w.spend("gary", "gary", "card", "CHF:1"), "")
	w.reserves(w.spend("gary", "gary", "card", "CHF:0.1"), "above-day-limit")
}

// The repetition of an operation counts nothing again, and ends nothing.
func TestARepetitionCountsOnce(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	first := w.reserves(a, "")
	if again := w.reserves(a, ""); again != nil {
		t.Error("the repetition holds what the first one holds")
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:1"), "above-day-limit")
	check(t, first.Settle(t.Context(), a.Amount))
	if again := w.reserves(a, ""); again != nil {
		t.Error("the repetition holds what was spent")
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:1"), "above-day-limit")
}

// A crash leaves reservations. What has become of their operations decides about
// them, at the next start or when somebody comes to the limit.
func TestWhatACrashLeavesIsSettledByTheFateOfItsOperation(t *testing.T) {
	for _, row := range []struct {
		name  string
		fate  profile.Fate
		later time.Duration
		gone  bool // whether it is known that the process has ended
		free  bool // whether all of the limit may be spent afterwards
	}{
		{"done: it counts", profile.Done, 0, true, false},
		{"failed: it is given back", profile.Failed, 0, false, true},
		{"running: it counts until it has ended", profile.Running, 20 * time.Minute, true, false},
		{"not seen, and perhaps about to begin elsewhere", profile.Unseen, time.Minute, false, false},
		{"not seen for as long as it may take", profile.Unseen, 11 * time.Minute, false, true},
		{"never begun", profile.Unseen, 0, true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, atStart := range []bool{true, false} {
				w := newWallet(t)
				w.now = w.now.Add(-12 * time.Hour)
				w.limit("gary", "day CHF:5")
				a := w.spend("gary", "gary", "card", "CHF:5")
				w.reserves(a, "") // and the process is gone
				w.Manager, w.fates[a.ID], w.now, w.ended = w.life("two"), row.fate, w.now.Add(row.later), map[string]bool{"one": row.gone}
				if atStart {
					check(t, w.Reconcile(t.Context()))
				}
				want := fault.Reason("above-day-limit")
				if row.free {
					want = ""
				}
				w.reserves(w.spend("gary", "gary", "card", "CHF:5"), want)
			}
		})
	}
}

// The same process settles nothing of what it is doing.
func TestWhatIsUnderWayIsNoOrphan(t *testing.T) {
	w := newWallet(t)
	w.now = w.now.Add(-12 * time.Hour)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	h := w.reserves(a, "")
	w.now = w.now.Add(time.Hour)
	check(t, w.Reconcile(t.Context()))
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")
	h.Leave() // it is over and nobody knows how
	w.fates[a.ID] = profile.Running
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")
	w.fates[a.ID] = profile.Failed
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
}

// An operation that came on record while somebody asked for it and its life ended is
// no orphan; nor is one that somebody begins again, in a third life or in this one.
func TestWhatBeginsWhileItIsLookedForIsNoOrphan(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	w.reserves(a, "")
	w.Manager, w.ended = w.life("two"), map[string]bool{"one": true}
	asked := 0
	w.asked = func() {
		if asked++; asked == 2 {
			w.fates[a.ID] = profile.Running
		}
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")

	w.fates, asked = map[instrument.OperationID]profile.Fate{}, 0
	w.asked = func() {
		if asked++; asked == 2 {
			_, err := w.life("three").Reserve(t.Context(), a)
			check(t, err)
		}
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")

	w = newWallet(t)
	w.limit("gary", "day CHF:5")
	a = w.spend("gary", "gary", "card", "CHF:5")
	w.reserves(a, "").Leave()
	asked = 0
	w.asked = func() {
		if asked++; asked == 2 {
			_, err := w.Reserve(t.Context(), a)
			check(t, err)
		}
	}
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")
}

// Who repeats an operation that died before it began goes on with what that had
// reserved.
func TestTheNextLifeTakesAReservationOver(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	w.reserves(a, "")
	w.Manager, w.ended = w.life("two"), map[string]bool{"one": true}
	h := w.reserves(a, "")
	if h == nil {
		t.Fatal("nobody holds it")
	}
	check(t, h.Settle(t.Context(), instrument.Amount{}))
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
}

// While a process that lives may begin an operation, another one does not begin it on what that one
// has reserved: the first to fail would give back what the other moves, and by one key after the other
// somebody would spend past every limit. Once it is on record nothing new begins under its id.
func TestTwoProcessesDoNotSpendOneReservation(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	first := w.reserves(a, "")
	w.Manager = w.life("two")
	w.reserves(a, "operation-elsewhere")
	check(t, first.Settle(t.Context(), instrument.Amount{}))
	again := w.reserves(a, "")
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")
	w.Manager, w.fates[a.ID] = w.life("three"), profile.Running
	check(t, w.reserves(a, "").Settle(t.Context(), instrument.Amount{})) // it is refused, for the other process is at it
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")
	check(t, again.Settle(t.Context(), instrument.Amount{}))
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "")
}

// Who was taken for gone and was not, such as a process that was stopped for long, does not give back
// what another one goes on with.
func TestOnlyWhoHasAReservationGivesItBack(t *testing.T) {
	w := newWallet(t)
	w.now = w.now.Add(-12 * time.Hour)
	w.limit("gary", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:5")
	stopped := w.reserves(a, "")
	w.Manager, w.now = w.life("two"), w.now.Add(11*time.Minute)
	w.reserves(a, "")
	check(t, stopped.Settle(t.Context(), instrument.Amount{}))
	w.reserves(w.spend("gary", "gary", "card", "CHF:5"), "above-day-limit")
}

// What an operation has reserved before serves no other sum: a larger one goes
// past the limit only if nobody looks at it again.
func TestAnIDServesNoOtherSum(t *testing.T) {
	for _, row := range []struct {
		name        string
		fate        profile.Fate
		life        string
		spent, held bool
		class, sum  string
		want        fault.Reason
	}{
		{"never begun, above the limit", profile.Unseen, "one", false, false, "card", "CHF:1000000", "above-day-limit"},
		{"never begun, within it", profile.Unseen, "one", false, false, "card", "CHF:5", ""},
		{"never begun, of another class", profile.Unseen, "one", false, false, "coupon", "CHF:1", ""},
		{"failed, above the limit", profile.Failed, "two", false, false, "card", "CHF:6", "above-day-limit"},
		{"failed, within it", profile.Failed, "two", false, false, "card", "CHF:5", ""},
		{"perhaps about to begin elsewhere", profile.Unseen, "two", false, false, "card", "CHF:2", profile.ReasonCountsOtherwise},
		{"running, and less", profile.Running, "two", false, false, "card", "CHF:0.5", profile.ReasonCountsOtherwise},
		{"done", profile.Done, "two", false, false, "card", "CHF:2", profile.ReasonCountsOtherwise},
		{"spent", profile.Done, "one", true, false, "card", "CHF:2", profile.ReasonCountsOtherwise},
		{"held by another call", profile.Unseen, "one", false, true, "card", "CHF:2", profile.ReasonCountsOtherwise},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWallet(t)
			w.limit("gary", "day CHF:5 coupon/day CHF:5")
			a := w.spend("gary", "gary", "card", "CHF:1")
			h := w.reserves(a, "")
			switch {
			case row.spent:
				check(t, h.Settle(t.Context(), a.Amount))
			case !row.held:
				h.Leave()
			}
			if row.life != "one" {
				w.Manager = w.life(row.life)
			}
			w.fates[a.ID] = row.fate
			b := w.spend("gary", "gary", instrument.ClassID(row.class), row.sum)
			b.ID = a.ID
			again := w.reserves(b, row.want)
			counts, err := w.db.Spent(t.Context(), "gary", "CHF", "", time.Unix(0, 0))
			check(t, err)
			want := "CHF:1"
			if row.want == "" {
				want = row.sum
			}
			if counts.String() != want || (again != nil) != (row.want == "") {
				t.Errorf("%s counts, held %v; want %s", counts, again != nil, want)
			}
			counts, err = w.db.Spent(t.Context(), "gary", "CHF", b.Class, time.Unix(0, 0))
			check(t, err)
			if row.want == "" && counts != b.Amount {
				t.Errorf("%s counts of the class %s", counts, b.Class)
			}
		})
	}
}

// A repetition that concerns one more account counts against that one as well.
func TestARepetitionCountsAgainstWhomItConcernsNow(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "day CHF:5")
	w.limit("amy", "day CHF:5")
	a := w.spend("gary", "gary", "card", "CHF:4")
	w.reserves(a, "").Leave()
	amy := w.spend("amy", "amy", "card", "CHF:4")
	amy.ID = a.ID
	w.reserves(amy, "")
	w.reserves(w.spend("amy", "amy", "card", "CHF:2"), "above-day-limit")
}

// TestAFreshPrincipal counts against its limits like one whose limits are read
// again, also when they have become lower since it was read.
func TestAFreshPrincipal(t *testing.T) {
	w := newWallet(t)
	w.limit("gary", "operation CHF:8 day CHF:10")
	fresh := func(sum string) profile.Action {
		a := w.spend("gary", "gary", "coupon", sum)
		a.Fresh = true
		return a
	}
	w.reserves(fresh("CHF:9"), "above-limit")
	w.reserves(fresh("CHF:6"), "")
	w.reserves(fresh("CHF:6"), "above-day-limit")
	before := fresh("CHF:3")
	w.limit("gary", "day CHF:7")
	w.reserves(before, "above-day-limit")
	check(t, w.Disable(t.Context(), "gary"))
	if _, err := w.Reserve(t.Context(), before); fault.ReasonOf(err) != "principal-disabled" {
		t.Errorf("somebody who is disabled by now: %v", err)
	}
}
