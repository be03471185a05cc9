//go:build unix

package crash_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/instrument"
)

// walletSays is what a wallet says of its withdrawal.
type walletSays struct {
	Event, Reserve, Operation string
	Amount, Fees, Remainder   instrument.Amount
	Coins                     int
}

// withdrawn is what came of one withdrawal.
type withdrawn struct {
	problems []string
	deaths   int
	reserve  string // to which the money was sent
	last     walletSays
}

func (r *withdrawn) says(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// maxLives is how often a withdrawal is begun: one is killed, and one ends it.
const maxLives = 3

// run makes one withdrawal, kills it at a moment, and begins it again with the same
// key until it has ended.
func (m *market) run(t *testing.T, sum string, at moment) *withdrawn {
	t.Helper()
	m.runs++
	m.mu.Lock()
	m.armed, m.seen, m.trace = &at, map[string]int{}, nil
	m.mu.Unlock()
	before := t.TempDir()
	if m.forgets {
		check(t, os.CopyFS(before, os.DirFS(m.path("wallet"))))
	}
	r := &withdrawn{}
	for range maxLives {
		killed := m.lives(t, sum, r)
		if len(r.problems) > 0 || !killed {
			break
		}
		r.deaths++
		if m.forgets {
			check(t, os.RemoveAll(m.path("wallet")))
			check(t, os.CopyFS(m.path("wallet"), os.DirFS(before)))
		}
	}
	m.mu.Lock()
	m.armed = nil
	m.mu.Unlock()
	if len(r.problems) == 0 {
		m.compare(t, sum, r)
	}
	return r
}

// lives is one life of the command; it says whether that was ended by force.
func (m *market) lives(t *testing.T, sum string, r *withdrawn) (killed bool) {
	t.Helper()
	c := m.command(t, "wallet", "withdraw", "--dir", m.path("wallet"), "--manual", "--exchange", m.way.URL, "--amount", sum,
		"--key", fmt.Sprint("purchase ", m.runs), "--yes", "--json")
	var messages bytes.Buffer
	c.Stderr = &messages
	out, err := c.StdoutPipe()
	check(t, err)
	check(t, c.Start())
	m.mu.Lock()
	m.life, m.dead = c, false
	m.mu.Unlock()
	late := time.AfterFunc(4*patience, func() { m.kill(c) })
	defer late.Stop()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e walletSays
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			r.says("it says %q", lines.Text())
			continue
		}
		r.last = e
		if e.Event == "transfer" && !m.pays(t, sum, e.Reserve, r) {
			m.kill(c) // nobody would pay twice
		}
		m.meets(e.Event)
		m.kills(e.Event, shown)
	}
	err = c.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.life = nil
	if err != nil && !m.dead {
		r.says("it ends with %v after %+v: %s", err, r.last, messages.Bytes())
	}
	return err != nil && m.dead
}

// pays sends the money, once.
func (m *market) pays(t *testing.T, sum, reserve string, r *withdrawn) bool {
	t.Helper()
	if r.reserve != "" {
		if r.reserve != reserve {
			r.says("the money was sent to %s, and now it wants it for another reserve, %s", r.reserve, reserve)
		}
		return r.reserve == reserve
	}
	r.reserve = reserve
	body, err := json.Marshal(map[string]string{"reserve_pub": reserve, "amount": sum, "debit_account": "payto://x-taler-bank/localhost/me?receiver-name=Me"})
	check(t, err)
	answer, err := http.Post(m.exchange+"admin/add-incoming", "application/json", bytes.NewReader(body))
	check(t, err)
	check(t, answer.Body.Close())
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	return true
}

// compare looks whether credit = coins + fees + remainder, and whether the exchange
// says so too.
func (m *market) compare(t *testing.T, sum string, r *withdrawn) {
	t.Helper()
	credit, err := instrument.ParseAmount(sum)
	check(t, err)
	total := r.last.Amount
	for _, a := range []instrument.Amount{r.last.Fees, r.last.Remainder} {
		if a.Currency != "" {
			if total, err = total.Add(a); err != nil {
				r.says("%v", err)
			}
		}
	}
	if r.last.Event != "done" || total != credit {
		r.says("of %s it has %+v", sum, r.last)
		return
	}
	answer, err := http.Get(m.exchange + "reserves/" + r.reserve)
	check(t, err)
	defer answer.Body.Close()
	var there struct{ Balance instrument.Amount }
	check(t, json.NewDecoder(answer.Body).Decode(&there))
	if left := r.last.Remainder; there.Balance != left && (left.Currency != "" || !there.Balance.IsZero()) {
		r.says("the exchange has %s left, the wallet says %s", there.Balance, left)
	}
	m.worth, err = m.worth.Add(r.last.Amount)
	check(t, err)
	m.coins += r.last.Coins
}

// traced makes one withdrawal without a kill and lists the moments of such a one.
func (m *market) traced(t *testing.T, sum string) []moment {
	t.Helper()
	r := m.run(t, sum, moment{})
	if len(r.problems) > 0 {
		t.Fatalf("nobody killed: %q", r.problems)
	}
	var out []moment
	for _, at := range m.trace {
		out = append(out, at.around()...)
	}
	return out
}

// verdict looks at the wallet when all is over: what it said that it has, it has, and
// every coin is good and there once.
func (m *market) verdict(t *testing.T) (problems []string) {
	t.Helper()
	var held struct {
		Coins []struct {
			Value    instrument.Amount
			Coin     string `json:"coin_pub"`
			Verified bool
		}
	}
	check(t, json.Unmarshal(m.does(t, "wallet", "coins", "--dir", m.path("wallet"), "--json"), &held))
	sum, seen := instrument.ZeroOf("CHF"), []string{}
	for _, c := range held.Coins {
		var err error
		sum, err = sum.Add(c.Value)
		check(t, err)
		if !c.Verified || slices.Contains(seen, c.Coin) {
			problems = append(problems, "the coin "+c.Coin+" is not good, or there twice")
		}
		seen = append(seen, c.Coin)
	}
	if sum != m.worth || len(held.Coins) != m.coins {
		problems = append(problems, fmt.Sprintf("there are %d coins of %s, and %d of %s were made", len(held.Coins), sum, m.coins, m.worth))
	}
	var all struct {
		Withdrawals []struct{ Operation, Status string }
	}
	check(t, json.Unmarshal(m.does(t, "wallet", "operation", "list", "--dir", m.path("wallet"), "--json"), &all))
	for _, w := range all.Withdrawals {
		if w.Status != "done" {
			problems = append(problems, "the withdrawal "+w.Operation+" is "+w.Status)
		}
	}
	if len(all.Withdrawals) != m.runs {
		problems = append(problems, fmt.Sprintf("there are %d withdrawals, and %d were begun", len(all.Withdrawals), m.runs))
	}
	return problems
}
