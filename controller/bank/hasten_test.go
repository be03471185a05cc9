package bank_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/instrument"
)

// failed makes a withdrawal that has ended because the payment of its notice failed.
func failed(t *testing.T, h *banktest.House, uid string, reserve byte) taler.WOPID {
	t.Helper()
	id := selected(t, h, uid, key(reserve))
	h.Provider.Put(banktest.Payment{ID: "declined-" + uid, State: "failed", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	notify(t, h, id, "declined-"+uid)
	if w := decision(t, h, id); w.State != taler.StateAborted {
		t.Fatalf("it is %s", w.State)
	}
	return id
}

// TestASecondNoticeHastensTheSearch of a withdrawal that was aborted: it says that there is
// something to be found, and the next search would be hours away.
func TestASecondNoticeHastensTheSearch(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Hour}
	}})
	id := failed(t, h, "u", 1)
	h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	refused(t, notice(h, t, id, "second"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" || r.Amount != amount(t, "CHF:20") {
		t.Errorf("given back is %+v", r)
	}
	for n, tx := range []string{"third", "fourth"} {
		h.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
		refused(t, notice(h, t, id, tx), fault.Conflict, taler.ReasonConfirmAbortConflict)
		ended(t, h, n+2)
	}
}

// TestARepeatedSecondNoticeHastensTheSearch, too: the provider may have shown the payment too late for
// the search that the first one has brought.
func TestARepeatedSecondNoticeHastensTheSearch(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Hour}
	}})
	id := failed(t, h, "u", 1)
	refused(t, notice(h, t, id, "late"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	if err := h.Provider.WaitAsked(withTimeout(t), "late", 1); err != nil {
		t.Fatal(err)
	}
	h.Provider.Put(banktest.Payment{ID: "late", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	refused(t, notice(h, t, id, "late"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "late" {
		t.Errorf("given back is %+v", r)
	}
}

// TestPaymentsForSomethingElseAreAllOnRecord: the customer of a till that has lost the reference
// has paid, and nobody else looks at what a second notice names.
func TestPaymentsForSomethingElseAreAllOnRecord(t *testing.T) {
	h := open(t, banktest.Options{Asking: hasty, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Hour}
	}})
	id := failed(t, h, "u", 1)
	for _, tx := range []string{"invoice", "nameless"} {
		h.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, "CHF:20"), Reference: map[string]string{"invoice": "an invoice"}[tx]})
		refused(t, notice(h, t, id, tx), fault.Conflict, taler.ReasonConfirmAbortConflict)
	}
	refused(t, notice(h, t, id, "unknown"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	leftAlone(t, h, id, "invoice", "nameless")
	countsForeign(t, h, 2)
}

// countsForeign waits for the figure: it follows the record.
func countsForeign(t *testing.T, h *banktest.House, want int) {
	t.Helper()
	counts(t, h, func(f bank.Figures) bool { return f.Foreign == want })
}

// counts waits for figures that fit: some follow what was committed.
func counts(t *testing.T, h *banktest.House, fit func(bank.Figures) bool) {
	t.Helper()
	for ctx := withTimeout(t); ; runtime.Gosched() {
		f, err := h.Bank.Figures(ctx)
		if err != nil {
			t.Fatalf("the figures are %+v, %v", f, err)
		}
		if fit(f) {
			return
		}
	}
}

// TestASecondNoticeDuringASearch, which may have looked too early, begins another one.
func TestASecondNoticeDuringASearch(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Hour}
	}})
	var first sync.Once
	var looked atomic.Value // the withdrawal whose first search is held up
	searched, release := make(chan struct{}), make(chan struct{})
	h.Provider.Meddle = func(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc) {
		early := httptest.NewRecorder()
		honest(early, r)
		if r.URL.Query().Get("reference") == looked.Load() {
			first.Do(func() {
				close(searched)
				<-release
			})
		}
		w.WriteHeader(early.Code)
		_, _ = w.Write(early.Body.Bytes())
	}
	t.Cleanup(sync.OnceFunc(func() { close(release) }))
	id := failed(t, h, "u", 1)
	looked.Store(id.Text())
	clock.passes(time.Hour)
	<-searched
	h.Provider.Put(banktest.Payment{ID: "second", State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
	refused(t, notice(h, t, id, "second"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	other := failed(t, h, "v", 2) // its search shows that the notice before it was read
	refused(t, notice(h, t, other, "third"), fault.Conflict, taler.ReasonConfirmAbortConflict)
	if err := h.Provider.WaitAsked(withTimeout(t), other.Text(), 1); err != nil {
		t.Fatal(err)
	}
	release <- struct{}{}
	if r := ended(t, h, 1)[0]; r.ProviderTransactionID != "second" {
		t.Errorf("given back is %+v", r)
	}
}

// TestANameThatCannotBeAskedAbout holds up neither the search nor the other names: a terminal may send
// whatever it likes.
func TestANameThatCannotBeAskedAbout(t *testing.T) {
	var clock watch
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Decide: func(c *bank.Config) {
		restless(c)
		c.Searching = bank.Searching{First: time.Minute, For: time.Hour}
	}})
	h.Provider.Meddle = func(w http.ResponseWriter, r *http.Request, honest http.HandlerFunc) {
		if strings.HasSuffix(r.URL.Path, "/odd") {
			_, _ = w.Write([]byte("{"))
			return
		}
		honest(w, r)
	}
	id := failed(t, h, "u", 1)
	h.Provider.Put(banktest.Payment{ID: "invoice", State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"})
	for _, name := range []string{"odd", "invoice"} {
		refused(t, notice(h, t, id, name), fault.Conflict, taler.ReasonConfirmAbortConflict)
	}
	leftAlone(t, h, id, "invoice")
	clock.passes(2 * time.Hour)
	err := h.Bank.Instruments().WaitTopic(withTimeout(t), instrument.Operations, func(context.Context) (bool, error) {
		return look(t, h, id).Searched != 0, nil
	})
	if err != nil {
		t.Errorf("it is still looked for: %v", err)
	}
}

// TestANameThatTheProviderDoesNotKnow is no fault that the log warns of: a terminal may send whatever it likes.
func TestANameThatTheProviderDoesNotKnow(t *testing.T) {
	var clock watch
	var said bytes.Buffer
	h := open(t, banktest.Options{
		Asking: hasty, Clock: clock.now, Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Decide: func(c *bank.Config) {
			restless(c)
			c.Searching = bank.Searching{First: time.Minute, For: time.Hour}
		},
	})
	id := failed(t, h, "u", 1)
	h.Provider.Put(banktest.Payment{ID: "invoice", State: "paid", Amount: amount(t, "CHF:20"), Reference: "an invoice"})
	for _, name := range []string{"nothing", "invoice"} {
		refused(t, notice(h, t, id, name), fault.Conflict, taler.ReasonConfirmAbortConflict)
	}
	if err := h.Provider.WaitAsked(withTimeout(t), "nothing", 1); err != nil {
		t.Fatal(err)
	}
	leftAlone(t, h, id, "invoice")
	h.Kill()
	if said.Len() != 0 {
		t.Errorf("the log says %s", said.String())
	}
}
