package bank_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// watch is a clock that goes when the test says so.
type watch struct{ ahead atomic.Int64 }

func (w *watch) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

func (w *watch) passes(d time.Duration) { w.ahead.Add(int64(d)) }

// restless looks at the clock all the time.
func restless(c *bank.Config) { c.Expiry.Every = time.Millisecond }

// becomes waits for a status.
func becomes(t testing.TB, h *banktest.House, id taler.WOPID, want taler.State) taler.Withdrawal {
	t.Helper()
	var w taler.Withdrawal
	i, _, err := h.Bank.Withdrawal(withTimeout(t), id)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Bank.Instruments().Wait(withTimeout(t), i.ID, func(ctx context.Context) (bool, error) {
		_, w, err = h.Bank.Withdrawal(ctx, id)
		return w.State == want, err
	})
	if err != nil || w.State != want {
		t.Fatalf("it is %s, want %s: %v", w.State, want, err)
	}
	return w
}

// TestExpiry: nobody waits for ever, and what may have been paid does not end.
func TestExpiry(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Clock: clock.now, Decide: restless, Asking: bank.Asking{First: time.Hour, Longest: time.Hour}})
	unpaid := selected(t, h, "unpaid", key(1))
	noticed := selected(t, h, "noticed", key(2))
	notify(t, h, noticed, "tx")
	left := setUp(t, h, "left")

	clock.passes(14 * time.Minute)
	young := setUp(t, h, "young")
	last := setUp(t, h, "last")
	clock.passes(time.Minute + time.Second)
	if w := becomes(t, h, left, taler.StateAborted); w.AbortReason != "expired: no wallet took it in time" || w.Aborted == 0 {
		t.Errorf("%+v", w)
	}
	if w := look(t, h, young); w.State != taler.StatePending {
		t.Errorf("a younger one is %s", w.State)
	}
	if w := look(t, h, unpaid); w.State != taler.StateSelected {
		t.Errorf("a selected one is %s", w.State)
	}
	_, err := h.Bank.Select(withTimeout(t), left, taler.BankWithdrawalOperationPostRequest{ReservePub: key(3), SelectedExchange: banktest.ExchangeAccount})
	refused(t, err, fault.Conflict, taler.ReasonUpdateAbortConflict)
	// Selected in the last minute: the time counts from then.
	clock.passes(13 * time.Minute)
	if _, err := h.Bank.Select(withTimeout(t), last, taler.BankWithdrawalOperationPostRequest{ReservePub: key(4), SelectedExchange: banktest.ExchangeAccount}); err != nil {
		t.Fatal(err)
	}
	clock.passes(2 * time.Minute)
	becomes(t, h, unpaid, taler.StateAborted)
	becomes(t, h, young, taler.StateAborted)
	clock.passes(27 * time.Minute)
	fresh := selected(t, h, "fresh", key(5))
	if w := look(t, h, last); w.State != taler.StateSelected {
		t.Errorf("one that was selected 29 minutes ago is %s", w.State)
	}
	clock.passes(time.Minute)
	if w := becomes(t, h, last, taler.StateAborted); w.AbortReason != "expired: it was not paid in time" {
		t.Errorf("%+v", w)
	}
	// The notice waits for ever, and people are shown that it does.
	w := look(t, h, noticed)
	if w.State != taler.StateSelected || bank.Overdue(w, clock.now()) {
		t.Errorf("with a notice it is %s", w.State)
	}
	clock.passes(3 * time.Minute)
	if !bank.Overdue(w, clock.now()) {
		t.Error("it is not overdue")
	}
	clock.passes(365 * 24 * time.Hour)
	becomes(t, h, fresh, taler.StateAborted)
	if w := look(t, h, noticed); w.State != taler.StateSelected {
		t.Errorf("after a year it is %s", w.State)
	}
	h.Provider.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: noticed.Text()})
	notify(t, h, noticed, "tx")
	becomes(t, h, noticed, taler.StateConfirmed)
}

// TestAClockThatWasWrong for a while, and is put right, holds up no search for the
// money of what ended meanwhile.
func TestAClockThatWasWrong(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: restless})
	const year = 365 * 24 * time.Hour
	clock.passes(year)
	over := setUp(t, h, "over")
	if err := h.Bank.AbortByTerminal(withTimeout(t), till(t, h), over); err != nil {
		t.Fatal(err)
	}
	h.Kill()
	clock.passes(-year)
	h.Restart()
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: over.Text()})
	clock.passes(time.Minute)
	if all := ended(t, h, 1); all[0].WOPID != over {
		t.Errorf("%+v", all)
	}
}

// TestPaymentsAreLookedFor: money that came in for an aborted withdrawal without
// a word from its terminal is found for seven days, in this life or a later one,
// and goes back. After that nobody is asked any more.
func TestPaymentsAreLookedFor(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: restless})
	put := func(id taler.WOPID, tx, sum string) {
		h.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, sum), Reference: id.Text()})
	}
	aborted := func(uid string) taler.WOPID {
		id := setUp(t, h, uid)
		if err := h.Bank.AbortByTerminal(withTimeout(t), till(t, h), id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	early, late, foreign, never := aborted("early"), aborted("late"), aborted("foreign"), aborted("never")
	done := confirmed(t, h, "paid", 1)
	put(early, "e1", "CHF:20")
	put(early, "e2", "CHF:0.5") // every payment counts, whatever its amount
	put(foreign, "f1", "EUR:20")
	clock.passes(time.Minute)
	if all := ended(t, h, 2); all[0].WOPID != early || all[1].WOPID != early {
		t.Errorf("%+v", all)
	}
	for n := range 6 {
		clock.passes(24 * time.Hour)
		if err := h.Provider.WaitAsked(withTimeout(t), never.Text(), n+2); err != nil {
			t.Fatal(err)
		}
	}
	put(late, "l1", "CHF:7")
	h.Kill()
	clock.passes(30 * 24 * time.Hour) // a life that begins too late searches once more
	h.Restart()
	if all := ended(t, h, 3); all[2].WOPID != late || all[2].Amount != amount(t, "CHF:7") {
		t.Errorf("%+v", all)
	}
	for _, id := range []taler.WOPID{early, late, foreign, never} {
		i, _, err := h.Bank.Withdrawal(withTimeout(t), id)
		if err != nil {
			t.Fatal(err)
		}
		err = h.Bank.Instruments().Wait(withTimeout(t), i.ID, func(ctx context.Context) (bool, error) {
			_, w, err := h.Bank.Withdrawal(ctx, id)
			return w.Searched != 0, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if w := look(t, h, foreign); w.Foreign != "f1" {
		t.Errorf("money in another currency is on record as %q", w.Foreign)
	}
	// Another life asks for none of them: it has a newer one to ask for before.
	asked := h.Provider.Asked(never.Text())
	h.Restart()
	newer := aborted("newer")
	clock.passes(time.Minute)
	if err := h.Provider.WaitAsked(withTimeout(t), newer.Text(), 1); err != nil {
		t.Fatal(err)
	}
	if n := h.Provider.Asked(never.Text()); n != asked {
		t.Errorf("it was asked again %d times", n-asked)
	}
	if h.Provider.Asked(done.Text()) != 0 {
		t.Error("payments of a confirmed withdrawal were looked for")
	}
	for _, p := range []string{"e1 CHF:20", "e2 CHF:0.5", "l1 CHF:7", "paid CHF:0", "f1 CHF:0"} {
		var tx, want string
		_, _ = fmt.Sscan(p, &tx, &want)
		if sum, parts := given(t, h, tx); sum != want || parts > 1 {
			t.Errorf("%s went back of %s in %d parts, want %s", sum, tx, parts, want)
		}
	}
}

// TestASearchThatFails is made again.
func TestASearchThatFails(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, For: time.Hour}
	}})
	fails := banktest.NewProvider()
	var whole atomic.Bool
	failed := make(chan struct{})
	fails.Meddle = func(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc) {
		if whole.Load() {
			honest(w, r)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		select {
		case failed <- struct{}{}:
		case <-r.Context().Done():
		}
	}
	if err := h.AddProvider("fails", fails); err != nil {
		t.Fatal(err)
	}
	login, token, err := h.Bank.AddTerminal(withTimeout(t), "other", "fails")
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Bank.Profiles().Login(withTimeout(t), "terminal", login, token)
	if err != nil {
		t.Fatal(err)
	}
	made, err := h.Bank.SetUp(withTimeout(t), p, taler.TerminalWithdrawalSetup{RequestUID: "u", Amount: amount(t, "CHF:20")})
	if err != nil {
		t.Fatal(err)
	}
	fails.Put(banktest.Payment{ID: "tx", State: "paid", Amount: amount(t, "CHF:20"), Reference: made.WithdrawalID.Text()})
	if err := h.Bank.AbortByWallet(withTimeout(t), made.WithdrawalID); err != nil {
		t.Fatal(err)
	}
	clock.passes(2 * time.Hour) // the last search
	for range 3 {
		<-failed
	}
	whole.Store(true)
	if r := ended(t, h, 1)[0]; r.Amount != amount(t, "CHF:20") {
		t.Errorf("%+v", r)
	}
}

// TestAPaymentThatIsNotDecidedIsLookedForBeyondTheTime: the last search of a withdrawal that was
// aborted finds one that may be paid yet. Looked for no more, it would never go back.
func TestAPaymentThatIsNotDecidedIsLookedForBeyondTheTime(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: 1, Longest: 1, For: time.Hour}
	}})
	id := selected(t, h, "u", key(1))
	tx := banktest.Payment{ID: "slow", State: "pending", Amount: amount(t, "CHF:20"), Reference: id.Text()}
	h.Provider.Put(tx)
	if err := h.Bank.AbortByWallet(withTimeout(t), id); err != nil {
		t.Fatal(err)
	}
	for range 4 { // the first may be of before, the second is the last one
		clock.passes(2 * time.Hour)
		if err := h.Provider.WaitAsked(withTimeout(t), id.Text(), h.Provider.Asked(id.Text())+1); err != nil {
			t.Fatal(err)
		}
	}
	tx.State = "paid"
	h.Provider.Put(tx)
	clock.passes(2 * time.Hour)
	if all := ended(t, h, 1); all[0].ProviderTransactionID != "slow" || all[0].Amount != tx.Amount {
		t.Errorf("given back is %+v", all[0])
	}
}
