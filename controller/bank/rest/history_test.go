package rest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestPages asks for parts of a history of five rows by all spellings.
//
// Rows: pages, page parameters, row again, incoming held, incoming empty.
func TestPages(t *testing.T) {
	h := open(t, banktest.Options{})
	as := banktest.Login{Name: h.Gateway.User, Token: h.Gateway.Password}
	for n := range 5 {
		id := selected(t, h, fmt.Sprint(n), key(byte(n+1)))
		pay(t, h, id, fmt.Sprint("tx-", n))
		notify(t, h, id, fmt.Sprint("tx-", n))
		settled(t, h, id)
	}
	for query, want := range map[string][]uint64{
		"":                                      {5, 4, 3, 2, 1},
		"?limit=-20":                            {5, 4, 3, 2, 1},
		"?delta=-2":                             {5, 4},
		"?limit=-2&offset=4":                    {3, 2},
		"?delta=-2&start=1":                     nil,
		"?delta=-2&start=0":                     nil,
		"?delta=-2&long_poll_ms=600000&start=1": nil, // never held
		"?delta=1024":                           {1, 2, 3, 4, 5},
		"?limit=%2b2":                           {1, 2},
		"?delta=2&start=3":                      {4, 5},
		"?limit=2&offset=3&delta=-1":            {4, 5}, // the new spelling wins
		"?limit=5&offset=5":                     nil,
		"?limit=5&offset=18446744073709551615":  nil,
		"?limit=5&offset=99999999999999999999999999": nil,
		"?limit=-5&offset=18446744073709551615":      {5, 4, 3, 2, 1},
		"?limit=9223372036854775807":                 {1, 2, 3, 4, 5},
		"?limit=-9223372036854775808":                {5, 4, 3, 2, 1},
		"?limit=99999999999999999999999999&offset=3": {4, 5},
		"?limit=2&unknown=x":                         {1, 2},
		"?delta=1&timeout_ms=600000":                 {1}, // there is something: not held
	} {
		got := send(t, h, request{method: "GET", path: "/taler-wire-gateway/history/incoming" + query, login: as})
		var rows taler.IncomingHistory
		if got.status == 200 {
			if err := taler.Unmarshal([]byte(got.body), &rows); err != nil {
				t.Fatal(err)
			}
		}
		var ids []uint64
		for _, row := range rows.IncomingTransactions {
			ids = append(ids, row.RowID)
		}
		if !slices.Equal(ids, want) || (len(want) == 0) != (got.status == http.StatusNoContent) {
			t.Errorf("%s: %d %v, want %v", query, got.status, ids, want)
		}
	}
	for _, query := range []string{
		"?limit=0", "?delta=0", "?limit=", "?limit=x", "?limit=1.5", "?limit=--1", "?delta=", "?offset=-1", "?start=-1", "?offset=", "?start=x",
		"?timeout_ms=x", "?timeout_ms=-1", "?long_poll_ms=", "?limit=5&timeout_ms=1s",
	} {
		send(t, h, request{method: "GET", path: "/taler-wire-gateway/history/incoming" + query, login: as}).want(t, 400, 26)
	}
}

// TestAFollowerMissesNothing: an exchange that reads while many confirm at once
// sees every row once, numbered without gaps. Its reader is as strict as
// wirewatch's and refuses a page whose numbers go back.
//
// Rows: row order.
func TestAFollowerMissesNothing(t *testing.T) {
	const writers, each = 16, 6
	h := open(t, banktest.Options{})
	load := h.Load(writers)
	ctx := withTimeout(t)

	seen := make(chan []taler.IncomingTransaction, 1)
	go func() {
		var all []taler.IncomingTransaction
		defer func() { seen <- all }()
		exchange, after := h.Exchange(), uint64(0)
		for len(all) < writers*each && ctx.Err() == nil {
			page, err := exchange.Incoming(ctx, taler.Page{Rows: 7, Offset: after, Timeout: 5 * time.Second})
			if err != nil {
				t.Errorf("after row %d: %v", after, err)
				return
			}
			for _, row := range page.IncomingTransactions {
				all = append(all, row)
				after = row.RowID
			}
		}
	}()
	if _, err := load.Run(ctx, writers*each); err != nil {
		t.Fatal(err)
	}
	reserves := map[taler.EddsaPublicKey]bool{}
	for n, row := range <-seen {
		if row.RowID != uint64(n+1) {
			t.Errorf("row %d is numbered %d", n+1, row.RowID)
		}
		reserves[row.ReservePub] = true
	}
	if len(reserves) != writers*each {
		t.Errorf("%d of %d reserves were seen", len(reserves), writers*each)
	}
}

// TestOneEffect: the same request, fifty times at once and again after the bank
// was started anew, has one effect, and everybody gets the same answer.
//
// Rows: one effect, transfer replayed, setup done, notice stored.
func TestOneEffect(t *testing.T) {
	h := open(t, banktest.Options{})
	id := selected(t, h, "other", key(9))
	pay(t, h, id, "tx")
	took := setUp(t, h, "took")
	gone := setUp(t, h, "gone")
	paid(t, h, "refunded", 7)
	refund, err := json.Marshal(wanted(t, 1, "20", "refunded"))
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]request{
		"setup":     {method: "POST", path: "/withdrawals", login: h.Terminal, body: `{"request_uid":"same","amount":"CHF:7"}`},
		"selection": {method: "POST", path: "/taler-integration/withdrawal-operation/" + took.Text(), body: `{"reserve_pub":"` + key(8).String() + `","selected_exchange":"` + goodExchange + `"}`},
		"notice":    {method: "POST", path: "/withdrawals/" + id.Text() + "/check", login: h.Terminal, body: `{"provider_transaction_id":"tx"}`},
		"abort":     {method: "POST", path: "/taler-integration/withdrawal-operation/" + gone.Text() + "/abort"},
		"transfer":  {method: "POST", path: gateway + "transfer", login: exchange(h), body: string(refund)},
	}
	first := map[string]response{}
	for name, r := range requests {
		t.Run(name, func(t *testing.T) {
			answers := atOnce(t, h, 50, func(int) request { return r })
			first[name] = answers[0]
			for _, got := range answers {
				if got.status >= 300 || got.body != answers[0].body {
					t.Errorf("%d %s, and the first had %d %s", got.status, got.body, answers[0].status, answers[0].body)
				}
			}
		})
	}
	if s := settled(t, h, id); s.Status != taler.StateConfirmed {
		t.Errorf("the withdrawal became %s", s.Status)
	}
	h.Restart()
	for name, r := range requests {
		if got := send(t, h, r); got.status != first[name].status || got.body != first[name].body {
			t.Errorf("%s, after a restart: %d %s, and the first had %d %s", name, got.status, got.body, first[name].status, first[name].body)
		}
	}
	rows, err := h.Exchange().Incoming(withTimeout(t), taler.Page{Rows: 100})
	if err != nil || len(rows.IncomingTransactions) != 2 {
		t.Errorf("%d rows, %v", len(rows.IncomingTransactions), err)
	}
	if list, err := h.Exchange().Transfers(withTimeout(t), taler.Page{Rows: 100}, ""); err != nil || len(list.Transfers) != 1 {
		t.Errorf("%d transfers, %v", len(list.Transfers), err)
	}
}

// TestOneWinner: of many wallets in front of one QR code one gets the withdrawal;
// of many withdrawals one gets the reserve.
//
// Rows: two wallets, one key, row once.
func TestOneWinner(t *testing.T) {
	h := open(t, banktest.Options{})
	const n = 16
	one := setUp(t, h, "one")
	var many []taler.WOPID
	for i := range n {
		many = append(many, setUp(t, h, fmt.Sprint("many-", i)))
	}
	choose := func(id taler.WOPID, k taler.EddsaPublicKey) request {
		return request{method: "POST", path: "/taler-integration/withdrawal-operation/" + id.Text(), body: `{"reserve_pub":"` + k.String() + `","selected_exchange":"` + goodExchange + `"}`}
	}
	for name, c := range map[string]struct {
		make func(i int) request
		code taler.Code
	}{
		"many wallets, one withdrawal": {func(i int) request { return choose(one, key(byte(i+1))) }, 5113},
		"one wallet, many withdrawals": {func(i int) request { return choose(many[i], key(200)) }, 5114},
	} {
		t.Run(name, func(t *testing.T) {
			winners := 0
			for _, got := range atOnce(t, h, n, c.make) {
				if got.status == 200 {
					winners++
				} else {
					got.want(t, 409, c.code)
				}
			}
			if winners != 1 {
				t.Errorf("%d have won", winners)
			}
		})
	}
}

// TestTwoTillsClaimOnePayment, at once: the withdrawal that the payment names gets
// it, each time, and the exchange hears of one.
//
// Rows: two tills, row once.
func TestTwoTillsClaimOnePayment(t *testing.T) {
	h := open(t, banktest.Options{})
	other := h.AddTerminal("other")
	for n := range 8 {
		mine := selected(t, h, fmt.Sprint("mine-", n), key(byte(2*n+1)))
		got, err := h.Till(other).SetUp(withTimeout(t), taler.TerminalWithdrawalSetup{RequestUID: fmt.Sprint("theirs-", n), Amount: chf(t, "20")})
		if err != nil {
			t.Fatal(err)
		}
		theirs := got.WithdrawalID
		if _, err := h.Wallet().Select(withTimeout(t), theirs, taler.BankWithdrawalOperationPostRequest{ReservePub: key(byte(2*n + 2)), SelectedExchange: banktest.ExchangeAccount}); err != nil {
			t.Fatal(err)
		}
		tx := fmt.Sprint("tx-", n)
		pay(t, h, mine, tx)
		tills, ids := []banktest.Login{h.Terminal, other}, []taler.WOPID{mine, theirs}
		atOnce(t, h, 2, func(i int) request {
			return request{method: "POST", path: "/withdrawals/" + ids[i].Text() + "/check", login: tills[i], body: `{"provider_transaction_id":"` + tx + `"}`}
		})
		if a, b := settled(t, h, mine), settled(t, h, theirs); a.Status != taler.StateConfirmed || b.Status != taler.StateAborted {
			t.Errorf("round %d: mine is %s, theirs is %s", n, a.Status, b.Status)
		}
	}
	if rows, err := h.Exchange().Incoming(withTimeout(t), taler.Page{Rows: 100}); err != nil || len(rows.IncomingTransactions) != 8 {
		t.Errorf("%d rows, %v", len(rows.IncomingTransactions), err)
	}
}

// atOnce sends n requests that begin together.
func atOnce(t *testing.T, h *banktest.House, n int, nth func(int) request) []response {
	t.Helper()
	ctx := withTimeout(t)
	var ready, work sync.WaitGroup
	begin := make(chan struct{})
	out := make([]response, n)
	ready.Add(n)
	for i := range n {
		work.Go(func() {
			r := nth(i)
			ready.Done()
			<-begin
			got, err := try(ctx, h.URL, r)
			if err != nil {
				t.Error(err)
			}
			out[i] = got
		})
	}
	ready.Wait()
	close(begin)
	work.Wait()
	return out
}
