package bank_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

var faulty = flag.Int("faults", 500, "how many withdrawals meet a provider with faults")

// customer is one withdrawal of the run: what is paid for it and what must come
// of it.
type customer struct {
	n         int
	id        taler.WOPID
	pay       banktest.Payment // the truth at the provider; no ID: nobody pays
	gone      bool             // aborted before the notice
	silent    bool             // the terminal says nothing
	confirmed bool
	back      string // what goes back by itself
	wired     []string
}

// plan makes the n-th customer. Two thirds pay as they should.
func plan(t testing.TB, dice *rand.Rand, n int) *customer {
	c := &customer{n: n, back: "CHF:0"}
	sum := "20.01" // CHF:20 and fees
	c.pay = banktest.Payment{ID: fmt.Sprint("tx-", n), State: "paid"}
	switch dice.IntN(12) {
	case 0:
		c.pay.State = "failed"
	case 1:
		sum = "EUR:20.01"
	case 2:
		sum, c.back = "19.99", "CHF:19.99"
	case 3:
		sum, c.confirmed, c.back = "23.456789", true, "CHF:3.446789"
	case 4:
		c.gone, c.back = true, "CHF:20.01"
	case 5:
		c.gone, c.silent, c.back = true, true, "CHF:20.01"
	case 6:
		c.pay.Reference = "another invoice"
	case 7:
		sum, c.confirmed, c.wired = "20.02", true, []string{"CHF:7.12345678", "CHF:12.87654322"}
		c.back = "CHF:0.01"
	default:
		c.confirmed = true
	}
	if !strings.Contains(sum, ":") {
		sum = "CHF:" + sum
	}
	c.pay.Amount = amount(t, sum)
	return c
}

// live takes a customer through a withdrawal until its end.
func (c *customer) live(t testing.TB, ctx context.Context, h *banktest.House) error {
	uid := fmt.Sprint("u-", c.n)
	made, err := h.Bank.SetUp(ctx, till(t, h), taler.TerminalWithdrawalSetup{RequestUID: uid, Amount: amount(t, "CHF:20")})
	if err != nil {
		return err
	}
	c.id = made.WithdrawalID
	reserve := taler.EddsaPublicKey(fmt.Appendf(nil, "%032d", c.n))
	if _, err := h.Bank.Select(ctx, c.id, taler.BankWithdrawalOperationPostRequest{ReservePub: reserve, SelectedExchange: banktest.ExchangeAccount}); err != nil {
		return err
	}
	if c.pay.Reference == "" {
		c.pay.Reference = c.id.Text()
	}
	h.Provider.Put(c.pay)
	if c.gone {
		if err := h.Bank.AbortByTerminal(ctx, till(t, h), c.id); err != nil {
			return err
		}
	}
	if !c.silent {
		err := h.Bank.Confirm(ctx, till(t, h), c.id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: c.pay.ID})
		if err != nil && fault.ReasonOf(err) != taler.ReasonConfirmAbortConflict {
			return err
		}
	}
	_, err = h.Bank.Status(ctx, c.id, taler.LongPoll{Timeout: patience, OldState: taler.StateSelected})
	for n, sum := range c.wired {
		var name [64]byte
		copy(name[:], fmt.Sprintf("%032d", c.n*10+n))
		_, wiring := h.Bank.Transfer(ctx, h.Bank.Default(), taler.TransferRequest{
			RequestUID: taler.HashCode(name), WTID: taler.ShortHash(name[:32]), Amount: amount(t, sum),
			ExchangeBaseURL: banktest.ExchangeURL, CreditAccount: taler.Payto("payto://simulator-transaction/" + c.pay.ID),
		})
		err = errors.Join(err, wiring)
	}
	return err
}

// TestFaultsOfAProvider: withdrawals under a provider that does 30 % of what it is
// asked wrongly all end as the truth demands. None is confirmed that was not
// finally paid in full, and what goes back is right to the last digit, once.
func TestFaultsOfAProvider(t *testing.T) {
	seed := seeded(t)
	liar, all := newLiar(seed, "hangs up before", "hangs up after", "500", "503", "twice", "late", "flaps", "garbles"), plans(t, seed, *faulty)
	h := meetFaults(t, liar, all, bundles())
	returns := 0
	for _, c := range all {
		if c.back != "CHF:0" {
			returns++
		}
	}
	ended(t, h, returns)
	carriedOut(t, h, all)
	for _, problem := range append(decided(t, h, all), returned(t, h, all)...) {
		t.Error(problem)
	}
	if told := liar.told(); len(told) < len(liar.kinds) && *faulty >= 500 {
		t.Errorf("of %d kinds of faults there were %v", len(liar.kinds), told)
	}
}

// TestABankThatTakesDoubtForAnEnd is the control: a run with the fault that the provider says
// pending, which counts as failed. The checks must find who has paid and gets nothing.
func TestABankThatTakesDoubtForAnEnd(t *testing.T) {
	of := bundles()
	for _, b := range of {
		for n, p := range b.Protocols {
			if p.Info().ID == bank.ProtocolCard {
				b.Protocols[n] = undoubting{p}
			}
		}
	}
	seed := seeded(t)
	all := plans(t, seed, 60)
	for _, c := range all {
		c.wired = nil // of what is not confirmed an exchange can send nothing back
	}
	h := meetFaults(t, newLiar(seed, "flaps"), all, of)
	if problems := strings.Join(decided(t, h, all), "\n"); !strings.Contains(problems, "is aborted: the provider says that the payment failed") {
		t.Errorf("the checks say %q", problems)
	}
}

// undoubting is a card.pay that says of a pending payment that it has failed.
type undoubting struct{ protocol.Protocol }

func (u undoubting) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	r, err := u.Protocol.DoOperation(ctx, s, c)
	r.Value = bytes.ReplaceAll(r.Value, []byte(`"state":"pending"`), []byte(`"state":"failed"`))
	return r, err
}

func seeded(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("the seed is %d", seed)
	return seed
}

func plans(t *testing.T, seed uint64, customers int) []*customer {
	t.Helper()
	dice := rand.New(rand.NewPCG(seed, 1))
	all := make([]*customer, customers)
	for n := range all {
		all[n] = plan(t, dice, n)
	}
	return all
}

// meetFaults takes customers through their withdrawals at a bank with these bundles,
// whose provider is a liar.
func meetFaults(t *testing.T, liar *liar, all []*customer, of []protocol.Bundle) *banktest.House {
	t.Helper()
	h := open(t, banktest.Options{Bundles: of, Asking: hasty, Fees: amount(t, "CHF:0.01"), Decide: func(c *bank.Config) {
		c.Expiry.Every = 20 * time.Millisecond
		c.Searching = bank.Searching{First: 50 * time.Millisecond, Longest: time.Minute, AtOnce: 64}
	}})
	h.Provider.Meddle = liar.meddle
	ctx, cancel := context.WithTimeout(t.Context(), patience*time.Duration(1+len(all)/1000))
	defer cancel()
	next, failed := make(chan *customer), make(chan error, 16)
	for range cap(failed) {
		go func() {
			var err error
			for c := range next {
				if err == nil {
					err = c.live(t, ctx, h)
				}
			}
			failed <- err
		}()
	}
	for _, c := range all {
		next <- c
	}
	close(next)
	for range cap(failed) {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// decided holds every withdrawal and the exchange's history against the truth.
func decided(t *testing.T, h *banktest.House, all []*customer) (problems []string) {
	t.Helper()
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	history := map[taler.EddsaPublicKey]int{}
	for after := uint64(0); ; {
		page, err := h.Exchange().Incoming(withTimeout(t), taler.Page{Rows: 1000, Offset: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range page.IncomingTransactions {
			history[row.ReservePub]++
			after = row.RowID
			if row.Amount != amount(t, "CHF:20") {
				wrong("row %d is of %s", row.RowID, row.Amount)
			}
		}
		if len(page.IncomingTransactions) < 1000 {
			break
		}
	}
	for _, c := range all {
		w := look(t, h, c.id)
		want := taler.StateAborted
		if c.confirmed {
			want = taler.StateConfirmed
		}
		if w.State != want {
			wrong("%s of %s for %s is %s: %s", c.pay.State, c.pay.Amount, c.pay.Reference, w.State, w.AbortReason)
		}
		if w.State == taler.StateConfirmed {
			var proof banktest.Payment
			if err := json.Unmarshal(w.Proof, &proof); err != nil || proof.State != "paid" || w.Paid != c.pay.Amount {
				wrong("the proof of %s is %s", w.Paid, w.Proof)
			}
		}
		if rows := history[w.ReservePub]; (rows == 1) != c.confirmed || rows > 1 {
			wrong("it is %d times in the history", rows)
		}
	}
	return problems
}

// returned holds the provider's books against the truth.
func returned(t *testing.T, h *banktest.House, all []*customer) (problems []string) {
	t.Helper()
	for _, c := range all {
		total, count := amount(t, c.back), len(c.wired)
		if !total.IsZero() {
			count++
		}
		for _, sum := range c.wired {
			total, _ = total.Add(amount(t, sum))
		}
		if got, parts := given(t, h, c.pay.ID); got != total.String() || parts != count {
			problems = append(problems, fmt.Sprintf("of %s %s %s went back in %d parts, want %s in %d", c.pay.State, c.pay.Amount, got, parts, total, count))
		}
	}
	return problems
}

// carriedOut waits until the exchange is told of every refund that it has asked
// for.
func carriedOut(t *testing.T, h *banktest.House, all []*customer) {
	t.Helper()
	want := 0
	for _, c := range all {
		want += len(c.wired)
	}
	err := h.Bank.Instruments().WaitTopic(withTimeout(t), bank.Outgoing, func(ctx context.Context) (bool, error) {
		page, err := h.Bank.Instruments().Journal(ctx, bank.Outgoing, instrument.Page{Limit: want + 1})
		return len(page) >= want, err
	})
	if err != nil {
		t.Fatal(err)
	}
}
