//go:build unix

package crash_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// cash are the withdrawals that are killed: with a fee for each coin and a rest that
// is too little for one, in both forms, and in two batches.
var cash = []struct {
	protocol, amount string
	whole            bool // only when all are asked for
}{
	{"23", "CHF:3.27", false},
	{"26", "CHF:3.27", true},
	{"23", "CHF:701.3", true},
}

// TestKillAWithdrawal kills the real `wallet withdraw`, at what it says and at each
// of its requests: before the real exchange gets it, when the exchange has done it,
// when the answer is there, and some time behind that. It runs the command again and
// compares both books: credit = coins + fees + remainder.
func TestKillAWithdrawal(t *testing.T) {
	t.Parallel()
	for _, c := range cash {
		if c.whole && *withdrawals != "all" {
			continue
		}
		began := time.Now()
		m := newMarket(t, c.protocol)
		moments := m.traced(t, c.amount)
		tried, died := moments, 0
		if *withdrawals != "all" {
			tried = telling(moments)
		}
		for _, at := range tried {
			r := m.run(t, c.amount, at)
			for _, problem := range r.problems {
				t.Errorf("killed %s: %s", at, problem)
			}
			died += r.deaths
		}
		for _, problem := range m.verdict(t) {
			t.Error(problem)
		}
		if died < len(tried)/2 { // later than some moments it may have ended
			t.Errorf("of %d kills only %d have met the process", len(tried), died)
		}
		t.Logf("protocol %s, %s: %d moments, %d runs, %d kills, in %s", c.protocol, c.amount, len(moments), len(tried), died, time.Since(began).Round(time.Second))
	}
}

// TestAWalletThatForgets is the control: a kill, and what was on disk when the
// withdrawal began comes back. The checks must find that the money is lost.
func TestAWalletThatForgets(t *testing.T) {
	t.Parallel()
	m := newMarket(t, "23")
	m.forgets = true
	problems := strings.Join(m.run(t, "CHF:3.27", moment{"batch-withdraw", done, 1, 0}).problems, "\n")
	if !strings.Contains(problems, "another reserve") {
		t.Errorf("the checks say %q", problems)
	}
}

// How far a request or an event has come.
const (
	sent  = "is sent"  // and the exchange does not get it
	done  = "is done"  // and the wallet gets no answer
	heard = "is heard" // the answer is on its way
	shown = "is shown" // an event, on standard output
)

// moment is when a wallet is killed: at the nth request or event of a name, or so
// long after it.
type moment struct {
	name, stage string
	nth         int
	later       time.Duration
}

func (m moment) String() string {
	return fmt.Sprintf("when %s %d %s, and %s later", m.name, m.nth, m.stage, m.later)
}

// around are all moments about one that has passed.
func (m moment) around() []moment {
	out := []moment{m}
	if m.stage != shown && m.stage != heard {
		return out
	}
	for later := time.Millisecond; later <= 32*time.Millisecond; later *= 2 {
		m.later = later
		out = append(out, m)
	}
	return out
}

// telling is a sample: what is most likely to cost money.
func telling(all []moment) []moment {
	return slices.DeleteFunc(slices.Clone(all), func(m moment) bool {
		withdraws := m.name == "batch-withdraw" || m.name == "withdraw"
		return m.later > 0 && m.later != 4*time.Millisecond || !withdraws && m.name != "transfer" || m.name == "transfer" && m.later > 0
	})
}
