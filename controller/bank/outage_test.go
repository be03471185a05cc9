package bank_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// said is a log whose lines about providers can be waited for.
type said struct {
	mu    sync.Mutex
	lines []string // level, provider, failed
	bell  chan struct{}
}

func newSaid() *said { return &said{bell: make(chan struct{})} }

func (s *said) Write(text []byte) (int, error) {
	var line struct {
		Level, Msg, Provider string
		Failed               int
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return 0, err
	}
	if !strings.Contains(line.Msg, "provider") {
		return len(text), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprint(line.Level, " ", line.Provider, " ", line.Failed))
	close(s.bell)
	s.bell = make(chan struct{})
	return len(text), nil
}

func (s *said) wait(ctx context.Context, n int) ([]string, error) {
	for {
		s.mu.Lock()
		lines, bell := append([]string{}, s.lines...), s.bell
		s.mu.Unlock()
		if len(lines) >= n {
			return lines, nil
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return lines, ctx.Err()
		}
	}
}

// TestAProviderThatIsDownIsSaidOnce, then once a minute with how many questions had no
// answer, and once that it is back, however many payments wait.
func TestAProviderThatIsDownIsSaidOnce(t *testing.T) {
	var clock watch
	log := newSaid()
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	lines := func(n int) []string {
		t.Helper()
		got, err := log.wait(withTimeout(t), n)
		if err != nil {
			t.Fatalf("%q, %v", got, err)
		}
		return got
	}
	ids := []taler.WOPID{selected(t, h, "one", key(1)), selected(t, h, "two", key(2))}
	for n, id := range ids {
		tx := fmt.Sprint("tx-", n)
		h.Provider.Break(tx, 503)
		notify(t, h, id, tx)
		if err := h.Provider.WaitAsked(withTimeout(t), tx, 5); err != nil {
			t.Fatal(err)
		}
	}
	if got := lines(1); len(got) != 1 || got[0] != "WARN cards 1" {
		t.Errorf("first %q", got)
	}
	clock.passes(time.Minute)
	var failed int
	got := lines(2)
	if _, err := fmt.Sscanf(got[1], "WARN cards %d", &failed); err != nil || len(got) != 2 || failed < 8 {
		t.Errorf("a minute later %q", got)
	}
	for n, id := range ids {
		tx := fmt.Sprint("tx-", n)
		h.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
		h.Provider.Break(tx, 0)
	}
	for _, id := range ids {
		if w := decision(t, h, id); w.State != taler.StateConfirmed {
			t.Errorf("it is %s", w.State)
		}
	}
	if got := lines(3); len(got) != 3 || got[2] != "WARN cards 0" {
		t.Errorf("at the end %q", got)
	}
}

// TestOnePaymentWithoutAnAnswer, while there is one about every other, is no outage: the log
// does not say in turns that the provider answers and that it does not, but names what waits.
func TestOnePaymentWithoutAnAnswer(t *testing.T) {
	var clock watch
	log := newSaid()
	h := open(t, banktest.Options{Asking: hasty, Clock: clock.now, Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	odd := selected(t, h, "odd", key(1))
	h.Provider.Break("odd", 503)
	notify(t, h, odd, "odd")
	for n := range byte(3) {
		if err := h.Provider.WaitAsked(withTimeout(t), "odd", h.Provider.Asked("odd")+3); err != nil {
			t.Fatal(err)
		}
		id, tx := selected(t, h, fmt.Sprint("good-", n), key(2+n)), fmt.Sprint("tx-", n)
		h.Provider.Put(banktest.Payment{ID: tx, State: "paid", Amount: amount(t, "CHF:20"), Reference: id.Text()})
		notify(t, h, id, tx)
		if w := decision(t, h, id); w.State != taler.StateConfirmed {
			t.Errorf("it is %s", w.State)
		}
		clock.passes(2 * time.Minute)
	}
	lines := func() (of, in int) { // the provider, and how many there are
		got, _ := log.wait(withTimeout(t), 1)
		for _, l := range got {
			if strings.Contains(l, banktest.ProviderName) {
				of++
			}
		}
		return of, len(got)
	}
	if of, all := lines(); of != 2 || all <= 2 {
		t.Errorf("%d of %d lines are of an outage", of, all)
	}
	h.Provider.Put(banktest.Payment{ID: "odd", State: "paid", Amount: amount(t, "CHF:20"), Reference: odd.Text()})
	h.Provider.Break("odd", 0)
	if w := decision(t, h, odd); w.State != taler.StateConfirmed {
		t.Errorf("it is %s", w.State)
	}
	again := selected(t, h, "again", key(9))
	h.Provider.Break("again", 503)
	notify(t, h, again, "again")
	for { // what had no answer before has nothing to do with it
		got, err := log.wait(withTimeout(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		if of, _ := lines(); of == 3 {
			break
		}
		if _, err := log.wait(withTimeout(t), len(got)+1); err != nil {
			t.Fatal(err)
		}
	}
}
