package exchange_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// unified is the request since protocol 26 for the coins of a plan.
func unified(t *testing.T, reserve crypto.EddsaPrivateKey, coins ...coin) taler.WithdrawRequest {
	t.Helper()
	r := taler.WithdrawRequest{Cipher: taler.CipherEddsa, ReservePub: reserve.Public()}
	consent := crypto.Withdrawal{Amount: amount(t, "CHF:0"), Fee: amount(t, "CHF:0")}
	for _, c := range coins {
		ev := c.planchet.CoinEv
		r.DenomsH, r.CoinEvs = append(r.DenomsH, c.denom.hash), append(r.CoinEvs, ev)
		consent.CoinEvs = append(consent.CoinEvs, crypto.CoinEvHash(c.denom.hash, crypto.CipherRSA, ev.RSABlindedPlanchet))
		consent.Amount = plus(t, consent.Amount, c.value)
		consent.Fee = plus(t, consent.Fee, amount(t, "CHF:0.01"))
	}
	r.ReserveSig = reserve.Sign(consent.Message())
	return r
}

func plus(t *testing.T, a, b instrument.Amount) instrument.Amount {
	t.Helper()
	sum, err := a.Add(b)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// verifyUnified reads an answer of the newer form as one of the older.
func verifyUnified(t *testing.T, a answer, coins []coin) {
	t.Helper()
	var in taler.WithdrawResponse
	var out taler.BatchWithdrawResponse
	if a.status == http.StatusOK {
		a.into(t, &in)
	}
	for _, s := range in.EvSigs {
		out.EvSigs = append(out.EvSigs, taler.EvSig{EvSig: s})
	}
	body, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	if a.status == http.StatusOK {
		a.body = body
	}
	verify(t, a, coins)
}

func TestTheNewerFormMakesCoins(t *testing.T) {
	w := worldOf(t, exchange.Protocol26)
	if v := w.keys().Version.String(); v != "26:0:1" {
		t.Errorf("it says that it is %s", v)
	}
	valid, _ := w.denoms()
	reserve := w.fill("CHF:30")
	coins := plan(t, reserve, append(valid, valid[0], valid[7])...)
	first := w.post("/withdraw", unified(t, reserve, coins...))
	verifyUnified(t, first, coins)
	if got := w.balance(reserve); got != "CHF:1.23" {
		t.Errorf("the rest is %s", got)
	}
	w.down()
	w.up()
	w.later(2 * 365 * 24 * time.Hour) // the denominations are over
	if again := w.post("/withdraw", unified(t, reserve, coins...)); string(again.body) != string(first.body) {
		t.Error("the same request got another answer")
	}
	if got := w.balance(reserve); got != "CHF:1.23" {
		t.Errorf("the repetition cost something: %s", got)
	}
}

// One generation at a time, as a real exchange does.
func TestEachGenerationHasItsOwnForm(t *testing.T) {
	old, fresh := newWorld(t), worldOf(t, exchange.Protocol26)
	for name, a := range map[string]answer{
		"the newer form at the older exchange": old.post("/withdraw", taler.WithdrawRequest{}),
		"the older form at the newer exchange": fresh.post(withdrawPath(newKey(t)), taler.BatchWithdrawRequest{}),
	} {
		if a.status != http.StatusNotFound || a.code(t) != taler.CodeEndpointUnknown {
			t.Errorf("%s: %d: %s", name, a.status, a.body)
		}
	}
}

func TestRefusalsOfTheNewerForm(t *testing.T) {
	w := worldOf(t, exchange.Protocol26)
	one := w.denom("CHF:1")
	_, untimely := w.denoms()
	reserve := w.fill("CHF:2")
	coins := plan(t, reserve, one)
	for name, row := range map[string]struct {
		change func(*taler.WithdrawRequest)
		status int
		code   taler.Code
	}{
		"another cipher":      {func(r *taler.WithdrawRequest) { r.Cipher = "RSA" }, 400, taler.CodeJSONInvalid},
		"no coin":             {func(r *taler.WithdrawRequest) { r.DenomsH, r.CoinEvs = nil, nil }, 400, taler.CodeParameterMalformed},
		"an envelope too few": {func(r *taler.WithdrawRequest) { r.CoinEvs = nil }, 400, taler.CodeParameterMalformed},
		"an envelope twice": {func(r *taler.WithdrawRequest) {
			r.DenomsH = append(r.DenomsH, r.DenomsH[0])
			r.CoinEvs = append(r.CoinEvs, r.CoinEvs[0])
		}, 400, taler.CodeParameterMalformed},
		"the older form's signature": {func(r *taler.WithdrawRequest) { r.ReserveSig = coins[0].planchet.ReserveSig }, 403, taler.CodeReserveSignature},
		"an unknown denomination":    {func(r *taler.WithdrawRequest) { r.DenomsH[0][0] ^= 1 }, 404, taler.CodeDenominationUnknown},
		"one of next year":           {func(r *taler.WithdrawRequest) { r.DenomsH[0] = untimely[0].hash }, 410, taler.CodeDenominationNotYet},
		"another reserve":            {func(r *taler.WithdrawRequest) { *r = unified(t, newKey(t), coins...) }, 404, taler.CodeReserveUnknown},
		"more than there is":         {func(r *taler.WithdrawRequest) { *r = unified(t, reserve, plan(t, reserve, one, one)...) }, 409, taler.CodeInsufficientFunds},
	} {
		t.Run(name, func(t *testing.T) {
			r := unified(t, reserve, coins...)
			row.change(&r)
			a := w.post("/withdraw", r)
			if a.status != row.status || a.code(t) != row.code || w.balance(reserve) != "CHF:2" {
				t.Errorf("%d: %s, rest %s", a.status, a.body, w.balance(reserve))
			}
			if a.status == http.StatusGone && !strings.Contains(string(a.body), `"oper":"withdraw"`) {
				t.Errorf("the proof is of another operation: %s", a.body)
			}
		})
	}
}

func TestAReservesHistoryIsForItsOwner(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:10")
	coins := plan(t, reserve, w.denom("CHF:5"))
	verify(t, w.withdraw(reserve, coins...), coins)
	ask := func(key crypto.EddsaPrivateKey, start uint64, query string) answer {
		sig := key.Sign(crypto.HistoryRequest{Start: start}.Message())
		return w.do(http.MethodGet, "/reserves/"+reserve.Public().String()+"/history"+query, http.Header{"Taler-Reserve-History-Signature": {sig.String()}}, nil)
	}
	var got struct {
		Balance string
		History []struct {
			Type, Amount  string
			HCoinEnvelope string `json:"h_coin_envelope"`
			WithdrawFee   string `json:"withdraw_fee"`
		}
	}
	a := ask(reserve, 0, "")
	a.into(t, &got)
	if a.status != 200 || got.Balance != "CHF:4.99" || len(got.History) != 2 || got.History[0].Type != "CREDIT" || got.History[0].Amount != "CHF:10" ||
		got.History[1].Type != "WITHDRAW" || got.History[1].Amount != "CHF:5.01" || got.History[1].WithdrawFee != "CHF:0.01" || got.History[1].HCoinEnvelope == "" {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if a.header.Get("ETag") != `"2"` {
		t.Errorf("ETag is %s", a.header.Get("ETag"))
	}
	if a := ask(reserve, 2, "?start=2"); a.status != http.StatusNoContent {
		t.Errorf("nothing new: %d", a.status)
	}
	for name, a := range map[string]answer{"somebody else": ask(newKey(t), 0, ""), "another start": ask(reserve, 0, "?start=1")} {
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := ask(reserve, 0, "?start=x"); a.status != http.StatusBadRequest {
		t.Errorf("a start that is none: %d", a.status)
	}
}
