package exchange_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

func reasonOf(err error) string { return string(fault.ReasonOf(err)) }

func TestAWalletWithdrawsAndVerifiesEveryCoin(t *testing.T) {
	w := newWorld(t)
	valid, _ := w.denoms()
	reserve := w.fill("CHF:30")
	coins := plan(t, reserve, append(valid, valid[0], valid[7])...) // each, two of them twice
	verify(t, w.withdraw(reserve, coins...), coins)
	if got := w.balance(reserve); got != "CHF:1.23" { // 30 - 28.67 - 10 fees of 0.01
		t.Errorf("the rest is %s", got)
	}
}

func TestTwentyFrancsAreTwoCoins(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:20.02")
	ten := w.denom("CHF:10")
	coins := plan(t, reserve, ten, ten)
	verify(t, w.withdraw(reserve, coins...), coins)
	if got := w.balance(reserve); got != "CHF:0" {
		t.Errorf("the rest is %s", got)
	}
}

func TestARepetitionGetsTheSameSignaturesAndCostsNothing(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:10")
	coins := plan(t, reserve, w.denom("CHF:1"), w.denom("CHF:2"), w.denom("CHF:5"))
	first := w.withdraw(reserve, coins...)
	verify(t, first, coins)
	rest := w.balance(reserve)

	w.down() // what was answered is in the books
	w.up()
	again := w.withdraw(reserve, coins...)
	if string(again.body) != string(first.body) {
		t.Error("the same batch got another answer")
	}
	subset := []coin{coins[2], coins[0]}
	verify(t, w.withdraw(reserve, subset...), subset)

	w.later(2 * 365 * 24 * time.Hour) // the denominations are over
	verify(t, w.withdraw(reserve, coins...), coins)
	if got := w.balance(reserve); got != rest {
		t.Errorf("the repetitions cost something: %s, was %s", got, rest)
	}
}

func TestEqualBatchesAtTheSameTimeArePaidOnce(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:10")
	coins := plan(t, reserve, w.denom("CHF:1"), w.denom("CHF:2"))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := w.withdraw(reserve, coins...); a.status != 200 {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	if got := w.balance(reserve); got != "CHF:6.98" {
		t.Errorf("the rest is %s", got)
	}
}

func TestConcurrentBatchesDoNotOverdraw(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:3.03")
	one := w.denom("CHF:1")
	var all sync.WaitGroup
	statuses := make(chan int, 6)
	for range 6 {
		coins := plan(t, reserve, one)
		all.Go(func() { statuses <- w.withdraw(reserve, coins...).status })
	}
	all.Wait()
	close(statuses)
	count := map[int]int{}
	for s := range statuses {
		count[s]++
	}
	if count[200] != 3 || count[409] != 3 || w.balance(reserve) != "CHF:0" {
		t.Errorf("answers %v, rest %s", count, w.balance(reserve))
	}
}

func TestAMixedBatchChargesNothing(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:10")
	coins := plan(t, reserve, w.denom("CHF:1"), w.denom("CHF:2"))
	verify(t, w.withdraw(reserve, coins[0]), coins[:1])
	rest := w.balance(reserve)
	a := w.withdraw(reserve, coins...)
	if a.status != 409 || a.code(t) != taler.CodeBatchPartlyWithdrawn || w.balance(reserve) != rest {
		t.Errorf("%d: %s, rest %s", a.status, a.body, w.balance(reserve))
	}
}

func TestAPlanchetOfAnotherReserveIsNotGivenAway(t *testing.T) {
	w := newWorld(t)
	reserve, thief := w.fill("CHF:10"), w.fill("CHF:10")
	c := plan(t, reserve, w.denom("CHF:1"))[0]
	w.withdraw(reserve, c)
	c.planchet = planchet(thief, c.denom, c.planchet.CoinEv.RSABlindedPlanchet)
	if a := w.withdraw(thief, c); a.status != 409 || a.code(t) != taler.CodeBatchPartlyWithdrawn {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestRefusalsLookLikeTheRealOnes(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:5")
	_, untimely := w.denoms()
	one, ten := w.denom("CHF:1"), w.denom("CHF:10")
	unknown := one
	unknown.hash = crypto.HashCode{}
	feeless := one
	feeless.withFee = one.value
	var real []struct {
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(recorded(t, "exchange-errors.json"), &real); err != nil {
		t.Fatal(err)
	}
	shapes := map[taler.Code]any{}
	for _, r := range real {
		var d taler.ErrorDetail
		if err := json.Unmarshal(r.Body, &d); err != nil {
			t.Fatal(err)
		}
		shapes[d.Code] = shape(t, r.Body)
	}
	for _, c := range []struct {
		name   string
		a      answer
		status int
		code   taler.Code
	}{
		{"too little money", w.withdraw(reserve, plan(t, reserve, ten)...), 409, taler.CodeInsufficientFunds},
		{"signed without the fee", w.withdraw(reserve, plan(t, reserve, feeless)...), 403, taler.CodeReserveSignature},
		{"signed by another", w.withdraw(reserve, plan(t, newKey(t), one)...), 403, taler.CodeReserveSignature},
		{"denomination unknown", w.withdraw(reserve, plan(t, reserve, unknown)...), 404, taler.CodeDenominationUnknown},
		{"denomination of the future", w.withdraw(reserve, plan(t, reserve, untimely[0])...), 410, taler.CodeDenominationNotYet},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.a.status != c.status || c.a.code(t) != c.code {
				t.Fatalf("%d: %s", c.a.status, c.a.body)
			}
			want, found := shapes[c.code]
			if !found {
				t.Fatalf("there is no recorded refusal with code %d", c.code)
			}
			if diff := cmp.Diff(want, shape(t, c.a.body)); diff != "" {
				t.Errorf("real and ours differ:\n%s", diff)
			}
		})
	}
	if got := w.balance(reserve); got != "CHF:5" {
		t.Errorf("refusals cost something: %s", got)
	}
}

func TestDenominationRefusalsAreSigned(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:5")
	_, untimely := w.denoms()
	unknown := w.denom("CHF:1")
	unknown.hash[3] ^= 1
	expired := plan(t, reserve, w.denom("CHF:1"))
	future := w.withdraw(reserve, plan(t, reserve, untimely[0])...)
	strange := w.withdraw(reserve, plan(t, reserve, unknown)...)
	w.later(366 * 24 * time.Hour)
	past := w.withdraw(reserve, expired...)
	signer := w.keys().ExchangePub
	for _, c := range []struct {
		name   string
		a      answer
		status int
		code   taler.Code
	}{
		{"future", future, 410, taler.CodeDenominationNotYet},
		{"unknown", strange, 404, taler.CodeDenominationUnknown},
		{"past", past, 410, taler.CodeDenominationExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			var x taler.ExchangeError
			c.a.into(t, &x)
			if c.a.status != c.status || x.Code != c.code || x.HDenomPub == nil || x.ExchangePub != signer {
				t.Fatalf("%d: %s", c.a.status, c.a.body)
			}
			message := crypto.DenominationExpired{At: x.Timestamp, Operation: "batch-withdraw", Denom: *x.HDenomPub}.Message()
			if c.code == taler.CodeDenominationUnknown {
				message = crypto.DenominationUnknown{At: x.Timestamp, Denom: *x.HDenomPub}.Message()
			} else if x.Oper != "batch-withdraw" {
				t.Errorf("oper %q", x.Oper)
			}
			if !signer.Verify(message, x.ExchangeSig) {
				t.Error("the proof is not good")
			}
		})
	}
}

func TestChecksComeInOrder(t *testing.T) {
	w := newWorld(t)
	nobody := newKey(t) // a reserve without money
	one := w.denom("CHF:1")
	unknown := one
	unknown.hash[0] ^= 1
	badSignature := plan(t, newKey(t), one)[0]
	for _, c := range []struct {
		name   string
		coins  []coin
		status int
		code   taler.Code
	}{
		{"all right but the reserve", plan(t, nobody, one), 404, taler.CodeReserveUnknown},
		{"signature before reserve", []coin{badSignature}, 403, taler.CodeReserveSignature},
		{"denomination before signature", []coin{badSignature, plan(t, nobody, unknown)[0]}, 404, taler.CodeDenominationUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a := w.withdraw(nobody, c.coins...); a.status != c.status || a.code(t) != c.code {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
}

func TestEnvelopesOutOfRangeAreRefused(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:5")
	one := w.denom("CHF:1")
	encoded := one.pub.Encode()
	n := new(big.Int).SetBytes(encoded[4 : 4+256])
	for name, envelope := range map[string][]byte{
		"the modulus":  n.Bytes(),
		"above it":     new(big.Int).Add(n, big.NewInt(1)).Bytes(),
		"longer":       append([]byte{1}, n.Bytes()...),
		"zero":         {0},
		"leading zero": {0, 7},
	} {
		t.Run(name, func(t *testing.T) {
			r := taler.BatchWithdrawRequest{Planchets: []taler.Planchet{planchet(reserve, one, envelope)}}
			if a := w.post(withdrawPath(reserve), r); a.status != 400 || a.code(t) != taler.CodeParameterMalformed {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	small := taler.BatchWithdrawRequest{Planchets: []taler.Planchet{planchet(reserve, one, []byte{7})}}
	if a := w.post(withdrawPath(reserve), small); a.status != 200 {
		t.Errorf("a short envelope: %d: %s", a.status, a.body)
	}
	if got := w.balance(reserve); got != "CHF:3.99" {
		t.Errorf("the rest is %s", got)
	}
}

func TestAWholeBatchAndOneMore(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:10")
	cent := w.denom("CHF:0.01")
	coins := plan(t, reserve, slices.Repeat([]denom{cent}, taler.MaxPlanchets+1)...)
	if a := w.withdraw(reserve, coins...); a.status != 400 || a.code(t) != taler.CodeParameterMalformed {
		t.Errorf("257: %d: %.80s", a.status, a.body)
	}
	verify(t, w.withdraw(reserve, coins[1:]...), coins[1:])
	if got := w.balance(reserve); got != "CHF:4.88" {
		t.Errorf("the rest is %s", got)
	}
}

func TestMalformedBatches(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:5")
	c := plan(t, reserve, w.denom("CHF:1"))[0]
	text, err := json.Marshal(c.planchet)
	if err != nil {
		t.Fatal(err)
	}
	member := func(name, value string) string {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		if m[name] = json.RawMessage(value); value == "" {
			delete(m, name)
		}
		out, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"planchets":[%s]}`, out)
	}
	for name, c := range map[string]struct {
		body  string
		code  taler.Code
		field string
	}{
		"nothing":            {``, 22, ""},
		"not JSON":           {`planchets`, 22, ""},
		"no planchets":       {`{}`, 22, "planchets"},
		"planchets a number": {`{"planchets":1}`, 22, ""},
		"empty":              {`{"planchets":[]}`, 26, ""},
		"twice the same":     {fmt.Sprintf(`{"planchets":[%s,%s]}`, text, text), 26, ""},
		"no denomination":    {member("denom_pub_hash", ``), 22, "denom_pub_hash"},
		"short denomination": {member("denom_pub_hash", `"00"`), 22, ""},
		"no envelope":        {member("coin_ev", ``), 22, "coin_ev"},
		"no signature":       {member("reserve_sig", ``), 22, "reserve_sig"},
		"bad base32":         {member("coin_ev", `{"cipher":"RSA","rsa_blinded_planchet":"!!"}`), 22, ""},
		"empty envelope":     {member("coin_ev", `{"cipher":"RSA","rsa_blinded_planchet":""}`), 22, "rsa_blinded_planchet"},
		"no cipher":          {member("coin_ev", `{"rsa_blinded_planchet":"00"}`), 22, "cipher"},
		"other cipher":       {member("coin_ev", `{"cipher":"CS","cs_nonce":"00"}`), 1017, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.do("POST", withdrawPath(reserve), nil, []byte(c.body))
			var d struct {
				Code  taler.Code
				Field string
			}
			a.into(t, &d)
			if a.status != 400 || d.Code != c.code || d.Field != c.field {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	if got := w.balance(reserve); got != "CHF:5" {
		t.Errorf("the rest is %s", got)
	}
}
