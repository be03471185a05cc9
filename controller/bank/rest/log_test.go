package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestTheLog has a line for each request, by the route's template, and none of
// the secrets that requests hold.
func TestTheLog(t *testing.T) {
	var l lines
	log := slog.New(slog.NewJSONHandler(&l, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := open(t, banktest.Options{Log: log, Rest: rest.Options{Log: log}})
	id := selected(t, h, "u", key(1))
	pay(t, h, id, "tx")
	notify(t, h, id, "tx")
	settled(t, h, id)
	send(t, h, request{method: "GET", path: "/taler-integration/withdrawal-operation/" + id.Text()}).want(t, 200, 0)
	send(t, h, request{method: "GET", path: "/withdrawals/" + id.Text() + "?x=" + id.Text(), login: banktest.Login{Name: "till", Token: "guess"}})
	send(t, h, request{method: "GET", path: "/nowhere/" + id.Text()})
	send(t, h, request{method: "PUT", path: "/withdrawals/" + id.Text()})
	send(t, h, request{method: "POST", path: "/taler-integration/withdrawal-operation/" + id.Text(), body: `{"reserve_pub":"` + id.Text()})
	h.Close()

	text := l.String()
	for what, secret := range map[string]string{
		"a WOPID": id.Text(), "a token": h.Terminal.Token, "a password": h.Gateway.Password, "a guess": "guess", "a query": "x=",
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %s", what)
		}
	}
	routes := map[string]int{}
	ids := map[string]bool{}
	for line := range strings.Lines(text) {
		var e struct {
			Msg, Request, Method, Route, From, Reason string
			Status                                    int
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if e.Msg != "request" {
			continue
		}
		routes[e.Method+" "+e.Route]++
		if e.Status >= 400 && e.Reason == "" || e.Status == 0 || e.From == "" || e.Request == "" || ids[e.Request] {
			t.Errorf("a line lacks something, or repeats an id: %s", line)
		}
		ids[e.Request] = true
	}
	for route, n := range map[string]int{
		"POST /withdrawals": 1, "POST /withdrawals/{wopid}/check": 1, "GET /withdrawals/{wopid}": 1, "GET unknown": 1, "PUT /withdrawals/{wopid}": 1,
		"POST /taler-integration/withdrawal-operation/{wopid}": 2, "GET /taler-integration/withdrawal-operation/{wopid}": 1,
	} {
		if routes[route] != n {
			t.Errorf("%d lines of %s, want %d", routes[route], route, n)
		}
	}
}

// A transfer that is refused is lost to the exchange's programs: the operator hears of it,
// and of no other.
func TestARefusedTransferIsInTheLog(t *testing.T) {
	var l lines
	h := open(t, banktest.Options{Log: slog.New(slog.NewJSONHandler(&l, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	paid(t, h, "tx", 1)
	for n, row := range []struct {
		sum, transaction string
		status           int
		reason           fault.Reason
	}{{"20", "tx", 200, ""}, {"1", "tx", 409, taler.ReasonTransferExceeds}, {"1", "before-a-restore", 409, taler.ReasonUnknownCreditor}} {
		in := wanted(t, byte(n+1), row.sum, row.transaction)
		body, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := send(t, h, request{method: "POST", path: gateway + "transfer", body: string(body), login: exchange(h)}); got.status != row.status {
			t.Fatalf("%s of %s: %d %s", row.sum, row.transaction, got.status, got.body)
		}
		told := strings.Contains(l.String(), `"amount":"CHF:`+row.sum+`","wtid":"`+in.WTID.String()+`","reason":"`+string(row.reason)+`"`)
		if told != (row.status == 409) {
			t.Errorf("%s of %s: the log says %s", row.sum, row.transaction, l.String())
		}
	}
	if strings.Contains(l.String(), "before-a-restore") {
		t.Error("the log holds an account")
	}
	if f, err := h.Bank.Figures(t.Context()); err != nil || f.Refused != 2 {
		t.Errorf("%d are counted as refused, %v", f.Refused, err)
	}
}

// TestAnErrorOfTheBanksOwn is in the log with its cause, under the number that the till was given;
// a mistake of whoever asks is not among the errors.
func TestAnErrorOfTheBanksOwn(t *testing.T) {
	var l lines
	var broken atomic.Bool
	h := open(t, banktest.Options{
		Rest: rest.Options{Log: slog.New(slog.NewTextHandler(&l, &slog.HandlerOptions{Level: slog.LevelError}))},
		Store: store.Options{BeforeCommit: func(int) error {
			if broken.Load() {
				return errors.New("the disk has a crack")
			}
			return nil
		}},
	})
	asked := request{method: "POST", path: "/withdrawals", login: h.Terminal, body: `{"request_uid":"u","amount":"CHF:0.000000000000001"}`}
	if got := send(t, h, asked); got.status != 400 || l.String() != "" {
		t.Fatalf("a mistake: %d %s, and the errors are %s", got.status, got.body, l.String())
	}
	broken.Store(true)
	asked.body = `{"request_uid":"u","amount":"CHF:20"}`
	got := send(t, h, asked)
	if got.status != 504 {
		t.Errorf("the till is told %d %s", got.status, got.body)
	}
	for _, part := range []string{"msg=request", "request=" + got.header.Get("X-Request-Id"), "status=504", "error=", "could not make the change durable"} {
		if !strings.Contains(l.String(), part) {
			t.Errorf("the errors lack %s: %s", part, l.String())
		}
	}
}

// roomless is a store whose disk is full as long as it says so.
type roomless struct {
	controller.Store
	full *atomic.Bool
}

func (s roomless) UpdateInstruments(ctx context.Context, unit func(instrument.Writer) error) error {
	if s.full.Load() {
		return fault.New(fault.Unavailable, "the disk is full").Because("disk-full")
	}
	return s.Store.UpdateInstruments(ctx, unit)
}

func (s roomless) UpdateOperations(ctx context.Context, unit func(protocol.Writer) error) error {
	if s.full.Load() {
		return fault.New(fault.Unavailable, "the disk is full").Because("disk-full")
	}
	return s.Store.UpdateOperations(ctx, unit)
}

// TestAFullDiskIsNoErrorOfEachRequest: the store says once that the disk is full. Whoever is refused for that
// comes again, and a line of each would take the room that there is.
func TestAFullDiskIsNoErrorOfEachRequest(t *testing.T) {
	var l lines
	var full atomic.Bool
	h := open(t, banktest.Options{
		Rest: rest.Options{Log: slog.New(slog.NewTextHandler(&l, &slog.HandlerOptions{Level: slog.LevelError}))},
		Over: func(s controller.Store) controller.Store { return roomless{s, &full} },
	})
	full.Store(true)
	asked := request{method: "POST", path: "/withdrawals", login: h.Terminal, body: `{"request_uid":"u","amount":"CHF:20"}`}
	for range 2 {
		if got := send(t, h, asked); got.status != 503 || got.header.Get("Retry-After") != "1" {
			t.Errorf("the till is told %d %s", got.status, got.body)
		}
	}
	if text := l.String(); strings.Contains(text, "msg=request") {
		t.Errorf("the errors are %s", text)
	}
	full.Store(false)
	send(t, h, asked).want(t, 200, 0)
}

// TestRequestsOfTwoLivesHaveDifferentIDs: the logs of both are in one file.
func TestRequestsOfTwoLivesHaveDifferentIDs(t *testing.T) {
	h := open(t, banktest.Options{})
	asked := request{method: "GET", path: "/taler-integration/config"}
	ids := map[string]bool{}
	for range 2 {
		for range 2 {
			ids[send(t, h, asked).header.Get("X-Request-Id")] = true
		}
		h.Restart()
	}
	if len(ids) != 4 {
		t.Errorf("four requests had the ids %v", ids)
	}
}
