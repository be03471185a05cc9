package taler

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestKeysOfARealExchangeReadAndWriteUnchanged(t *testing.T) {
	text, err := os.ReadFile("testdata/exchange-keys.json")
	if err != nil {
		t.Fatal(err)
	}
	keys := roundTrip[Keys](t, text)
	ciphers := map[string]int{}
	for _, g := range keys.Denominations {
		ciphers[g.Cipher] += len(g.Denoms)
		for _, d := range g.Denoms {
			if (g.Cipher == CipherRSA) != (len(d.RSAPub) > 0) || (g.Cipher == CipherCS) != (len(d.CSPub) > 0) {
				t.Errorf("a key of %s is of another kind", g.Cipher)
			}
		}
	}
	if ciphers[CipherRSA] != 10 || ciphers[CipherCS] != 10 {
		t.Errorf("denominations: %v", ciphers)
	}
	if !Compatible(ExchangeClient, keys.Version) {
		t.Errorf("we do not speak with %v", keys.Version)
	}
}

func TestConfigOfARealExchangeReadsAndWritesUnchanged(t *testing.T) {
	text, err := os.ReadFile("testdata/exchange-config.json")
	if err != nil {
		t.Fatal(err)
	}
	if cfg := roundTrip[ExchangeConfig](t, text); cfg.Name != ExchangeName {
		t.Errorf("name %q", cfg.Name)
	}
}

func TestBatchWithdrawOfTheReferenceClient(t *testing.T) {
	var rec struct{ Request, Response json.RawMessage }
	recorded(t, "batch-withdraw.json", &rec)
	req := roundTrip[BatchWithdrawRequest](t, rec.Request)
	res := roundTrip[BatchWithdrawResponse](t, rec.Response)
	if len(req.Planchets) != 1 || len(res.EvSigs) != 1 || len(res.EvSigs[0].EvSig.BlindedRSASignature) != 256 {
		t.Errorf("%d planchets, %d signatures", len(req.Planchets), len(res.EvSigs))
	}
}

func TestRefusalsOfARealExchangeKeepTheirProof(t *testing.T) {
	var recs []struct {
		Name   string
		Status int
		Body   json.RawMessage
	}
	recorded(t, "exchange-errors.json", &recs)
	proofs := 0
	for _, rec := range recs {
		t.Run(rec.Name, func(t *testing.T) {
			var e ExchangeError
			if err := Unmarshal(rec.Body, &e); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(rec.Body), `"field"`) {
				return // a parser's position, which we do not keep
			}
			sameJSON(t, text, rec.Body)
			if !e.ExchangePub.IsZero() {
				proofs++
			}
		})
	}
	if proofs == 0 {
		t.Error("no recorded refusal was signed")
	}
}

func TestUnknownMembersAndCiphersAreNoObstacle(t *testing.T) {
	var keys Keys
	text := `{"version":"40:0:20","currency":"CHF","shiny":{"new":1},"denominations":[
		{"cipher":"LATTICE","value":"CHF:1","fee_withdraw":"CHF:0","shape":7,"denoms":[
			{"master_sig":"` + strings.Repeat("0", 103) + `","lattice_pub":"00","stamp_start":{"t_s":1}}]}]}`
	if err := Unmarshal([]byte(text), &keys); err != nil {
		t.Fatal(err)
	}
	if len(keys.Denominations) != 1 || len(keys.Denominations[0].Denoms) != 1 {
		t.Errorf("the group was dropped: %+v", keys.Denominations)
	}
}

func TestListsOfNothingAreWrittenAsLists(t *testing.T) {
	for name, v := range map[string]any{
		"keys": Keys{CurrencySpecification: PlainCurrency("CHF")}, "config": ExchangeConfig{}, "account": ExchangeAccount{},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "null") {
				t.Errorf("null in %s", text)
			}
		})
	}
}

func FuzzKeys(f *testing.F) {
	text, err := os.ReadFile("testdata/exchange-keys.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"denominations":null,"wire_fees":{"x":null}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var k Keys
		if Unmarshal(text, &k) != nil {
			return
		}
		once, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		var again Keys
		if err := Unmarshal(once, &again); err != nil {
			t.Fatalf("what we wrote we cannot read: %v\n%s", err, once)
		}
	})
}

// What others tell of themselves, and answer to a withdrawal: what was read is written so that it is read again.
func FuzzDocumentsOfOthers(f *testing.F) {
	for _, seed := range []string{
		`{"name":"taler-exchange","version":"23:0:6","currency":"CHF","currency_specification":7,"wallet_balance_limit_without_kyc":["CHF:1"]}`,
		`{"withdrawal_fees":"CHF:0.5","exchanges":[{"name":"a","url":"https://e/"}],"terminal_fees":{"percent":"1.5","unit":"CHF:0.01"}}`,
		`{"balance":"CHF:1","reserve_expiration":{"t_s":"never"},"maximum_age_group":-1}`,
		`{"ev_sigs":[{"ev_sig":{"cipher":"RSA","blinded_rsa_signature":"00"}},{"cipher":"CS"}]}`,
		`{"code":1150,"h_denom_pub":null,"timestamp":{"t_s":1},"h_payto":"` + someKey + `"}`, `null`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var till TerminalConfig // is never written by who has read it
		if Unmarshal(text, &till) == nil && till.Till != nil {
			if due, err := till.Till.Due(Amount{Currency: "CHF", Value: 20}); err == nil && due.Currency != "CHF" {
				t.Errorf("of CHF:20 %s is due", due)
			}
		}
		readsItsOwn[IntegrationConfig](t, text)
		readsItsOwn[ExchangeConfig](t, text)
		readsItsOwn[ReserveStatus](t, text)
		readsItsOwn[BatchWithdrawResponse](t, text)
		readsItsOwn[WithdrawResponse](t, text)
		readsItsOwn[ExchangeError](t, text)
	})
}

func readsItsOwn[T any](t *testing.T, text []byte) {
	t.Helper()
	var v T
	if Unmarshal(text, &v) == nil {
		writesWhatItReads(t, v)
	}
}
