package taler

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

func FuzzVerifiedKeys(f *testing.F) {
	text, err := os.ReadFile("../../comm/taler/testdata/exchange-keys.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"version":"23:0:6","currency":"CHF","signkeys":[{}],"denominations":[{"cipher":"RSA","denoms":[{}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var keys taler.Keys
		if taler.Unmarshal(text, &keys) != nil {
			return
		}
		e, err := verified(keys, noon)
		if err != nil {
			return
		}
		if _, _, err := plan(e.Denominations, instrument.Amount{Currency: e.Currency, Value: 1 << 40}, batchSize, noon); err != nil {
			t.Errorf("a verified exchange cannot be planned with: %v", err)
		}
	})
}

func FuzzAnswersOfAnExchange(f *testing.F) {
	f.Add(200, []byte(`{"ev_sigs":[{"ev_sig":{"cipher":"RSA","blinded_rsa_signature":"00"}}]}`))
	f.Add(409, []byte(`{"code":1150,"balance":"CHF:1"}`))
	f.Add(404, []byte(`{"code":1005}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		for _, form := range []form{batchForm(), unifiedForm()} {
			r := taler.Reserve{Amount: sum("CHF:1"), Remainder: sum("CHF:1"), Batch: &taler.WithdrawBatch{Body: []byte("{}")}}
			coins, next, err := form.answered(&r, taler.ExchangeState{}, protocol.Response{Status: status, Body: body}, true, noon)
			if len(coins) > 0 || next == taler.ReserveDone && err != nil {
				t.Errorf("an empty batch became %d coins, %s", len(coins), next)
			}
			if status != 200 && err == nil {
				t.Errorf("status %d is no refusal", status)
			}
		}
		r := taler.Reserve{Amount: sum("CHF:1"), Remainder: sum("CHF:1")}
		_, _ = arrived(r, protocol.Response{Status: status, Body: body})
		_, _ = readTerms(protocol.Response{Status: status, Body: body})
	})
}

func FuzzStates(f *testing.F) {
	f.Add([]byte(`{"url":"https://e.example/","denominations":[{}]}`))
	f.Add([]byte(`{"reserve_priv":"0000","amount":"CHF:1"}`))
	f.Add([]byte(`{"denom":"0000","signature":"00"}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_ = checkExchange(nil, &instrument.Instance{State: text})
		var coin taler.Coin
		if json.Unmarshal(text, &coin) == nil {
			_ = coin.Verified()
		}
		var e taler.ExchangeState
		if json.Unmarshal(text, &e) == nil {
			_, _ = outlook(e, instrument.Amount{Currency: e.Currency, Value: 3}, instrument.Amount{}, noon)
		}
	})
}

// FuzzExpiry: whatever an exchange says of it, its keys are read again neither all the time nor never.
func FuzzExpiry(f *testing.F) {
	f.Add("Thu, 01 Jan 1970 00:00:00 GMT", "max-age=7")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", `public,max-age="2000000000"`)
	f.Add("0", "max-age=-1,max-age,no-store=1,=,")
	f.Fuzz(func(t *testing.T, expires, control string) {
		until := expiry(protocol.Response{Header: map[string]string{"expires": expires, "CACHE-CONTROL": control}}, noon)
		if after := until.Sub(noon); after < leastExpiry || after > mostExpiry {
			t.Errorf("%q and %q: read again after %s", expires, control, after)
		}
	})
}
