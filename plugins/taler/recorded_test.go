package taler

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// recordedAt is the clock of the exchange that testdata/exchange-run.json recorded.
var recordedAt = time.Unix(1795212549, 0)

// sample is one exchange of a request for an answer.
type sample struct {
	Name, Kind, Source string
	Inputs             struct {
		Path    string            `json:"path"`
		Request json.RawMessage   `json:"request"`
		Priv    string            `json:"reserve_priv_b32"`
		Seed    string            `json:"secret_seed_b32"`
		Header  map[string]string `json:"headers"`
	}
	Outputs struct {
		Status   int               `json:"status"`
		Response json.RawMessage   `json:"response"`
		Body     string            `json:"body"`
		Header   map[string]string `json:"headers"`
		Coins    []recordedCoin    `json:"coins"`
	}
}

type recordedCoin struct {
	RSAPub    taler.Blob           `json:"rsa_pub_b32"`
	Pub       taler.EddsaPublicKey `json:"coin_pub_b32"`
	Priv      taler.Blob           `json:"coin_priv_b32"`
	Blinding  taler.Blob           `json:"blinding_key_secret_b32"`
	Index     uint32               `json:"coin_index"`
	Signature taler.Blob           `json:"rsa_signature_b32"`
	Value     taler.Amount         `json:"value"`
}

func (s sample) answer() protocol.Response {
	body := []byte(s.Outputs.Response)
	if s.Outputs.Body != "" {
		body = []byte(s.Outputs.Body)
	}
	return protocol.Response{Status: s.Outputs.Status, Header: s.Outputs.Header, Body: body}
}

func samples(t *testing.T) map[string]sample {
	t.Helper()
	text, err := os.ReadFile("testdata/exchange-run.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []sample }
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	out := map[string]sample{}
	for _, s := range file.Vectors {
		if s.Kind != "exchange-run" || s.Source == "" {
			t.Errorf("%s has kind %q and source %q", s.Name, s.Kind, s.Source)
		}
		out[s.Name] = s
	}
	return out
}

// knownExchange is the recorded exchange as a wallet knows it at that time.
func knownExchange(t *testing.T, all map[string]sample) taler.ExchangeState {
	t.Helper()
	var config taler.ExchangeConfig
	if err := taler.Unmarshal(all["x-config"].answer().Body, &config); err != nil {
		t.Fatal(err)
	}
	e, err := readKeys(all["x-keys"].answer(), "http://localhost:8081/", config, recordedAt)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestARealExchangesDocuments(t *testing.T) {
	all := samples(t)
	e := knownExchange(t, all)
	if e.Currency != "KUDOS" || len(e.Denominations) == 0 || e.Foreign == 0 || len(e.Accounts) != 1 || e.Version != "23:0:6" {
		t.Errorf("read %s %s with %d denominations and %d foreign ones", e.Version, e.Currency, len(e.Denominations), e.Foreign)
	}
	if until := expiry(all["x-keys"].answer(), recordedAt); !until.Equal(recordedAt.Add(24 * time.Hour)) {
		t.Errorf("the keys are good until %s", until)
	}
	if terms, err := readTerms(all["x-terms-unconfigured"].answer()); err != nil || terms != (taler.TermsResult{}) {
		t.Errorf("no terms: %+v, %v", terms, err)
	}
	kudos := taler.Reserve{Amount: sum("KUDOS:25")}
	if got, err := arrived(kudos, all["x-reserve"].answer()); err != nil || !got.Exists || got.Balance != sum("KUDOS:25") {
		t.Errorf("a reserve: %+v, %v", got, err)
	}
	if got, err := arrived(kudos, all["x-reserve-unknown"].answer()); err != nil || got.Exists {
		t.Errorf("an unknown reserve: %+v, %v", got, err)
	}
}

// recordedReserve is the reserve of the recording with the batch that was sent.
func recordedReserve(t *testing.T, s sample, e taler.ExchangeState) taler.Reserve {
	t.Helper()
	priv, err := crypto.DecodeFixed(s.Inputs.Priv, 32)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := crypto.DecodeFixed(s.Inputs.Seed, 32)
	if err != nil {
		t.Fatal(err)
	}
	r := taler.Reserve{Amount: sum("KUDOS:25"), Remainder: sum("KUDOS:25"), ReservePriv: taler.StoredSecret(priv), Seed: taler.StoredSecret(seed)}
	var plan []taler.PlannedCoins
	for _, c := range s.Outputs.Coins {
		for _, d := range e.Denominations {
			if bytes.Equal(d.RSAPub, c.RSAPub) {
				plan = append(plan, taler.PlannedCoins{Denomination: d, Count: 1})
			}
		}
	}
	if len(plan) != len(s.Outputs.Coins) {
		t.Fatalf("%d of %d denominations are listed", len(plan), len(s.Outputs.Coins))
	}
	if r.Batch, err = batchForm().newBatch(r, plan); err != nil {
		t.Fatal(err)
	}
	return r
}

// The wallet's own code makes the very request that the real exchange took, and
// the coins that came of it.
func TestARealWithdrawal(t *testing.T) {
	all := samples(t)
	e := knownExchange(t, all)
	s := all["x-batch-withdraw"]
	r := recordedReserve(t, s, e)
	var ours, theirs any
	if err := json.Unmarshal(r.Batch.Body, &ours); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s.Inputs.Request, &theirs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Fatalf("another request (-recorded +ours):\n%s", diff)
	}
	coins, status, err := batchForm().answered(&r, e, s.answer(), true, recordedAt)
	if err != nil || status != taler.ReserveDone || len(coins) != len(s.Outputs.Coins) {
		t.Fatalf("%d coins, %s, %v", len(coins), status, err)
	}
	for n, want := range s.Outputs.Coins {
		got := coins[n]
		if got.CoinPub != want.Pub || !bytes.Equal(got.CoinPriv[:], want.Priv) || !bytes.Equal(got.BlindingKey[:], want.Blinding) ||
			got.Index != want.Index || got.Value != want.Value || !bytes.Equal(got.Signature, want.Signature) || !got.Verified() {
			t.Errorf("coin %d is another one", n)
		}
	}
}

// Each refusal of the real exchange means what the wallet makes of it: which
// request is over for good, and which has to be sent again.
func TestRealRefusals(t *testing.T) {
	all := samples(t)
	e := knownExchange(t, all)
	for name, row := range map[string]struct {
		reason fault.Reason
		final  bool
	}{
		"x-withdraw-reserve-unknown":            {taler.ReasonReserveUnknown, false},
		"x-withdraw-bad-signature":              {taler.ReasonReserveSignature, false},
		"x-withdraw-mixed-batch":                {taler.ReasonBatchPartlyWithdrawn, false},
		"x-withdraw-insufficient-funds":         {taler.ReasonInsufficientFunds, false},
		"x-withdraw-denomination-not-yet-valid": {taler.ReasonDenominationNotYet, true},
		"x-withdraw-denomination-unknown":       {taler.ReasonDenominationUnknown, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := all[name]
			var asked taler.BatchWithdrawRequest
			if err := json.Unmarshal(s.Inputs.Request, &asked); err != nil || s.Outputs.Status == http.StatusOK {
				t.Fatalf("status %d, %v", s.Outputs.Status, err)
			}
			r := taler.Reserve{Batch: &taler.WithdrawBatch{Body: s.Inputs.Request, Clean: true}}
			for _, p := range asked.Planchets {
				r.Batch.Plan = append(r.Batch.Plan, taler.PlannedCoins{Denomination: taler.Denomination{DenomPubHash: p.DenomPubHash}, Count: 1})
			}
			coins, status, err := batchForm().answered(&r, e, s.answer(), true, recordedAt)
			if len(coins) != 0 || status != taler.ReserveSent || fault.ReasonOf(err) != row.reason || (r.Batch == nil) != row.final || r.Evidence == nil {
				t.Errorf("%d coins, %s, %v; final %v", len(coins), status, err, r.Batch == nil)
			}
		})
	}
}

// The same release, recorded another time: its refusal is proven by the keys of
// its own document and by no other's.
func TestARealProofNeedsTheRightExchange(t *testing.T) {
	var refusals []struct {
		Name string
		Body taler.ExchangeError
	}
	var keys taler.Keys
	for name, into := range map[string]any{"exchange-errors.json": &refusals, "exchange-keys.json": &keys} {
		text, err := os.ReadFile("../../comm/taler/testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	checked := 0
	for _, r := range refusals {
		if r.Body.Code != taler.CodeDenominationNotYet || r.Body.HDenomPub == nil {
			continue
		}
		asked := []taler.PlannedCoins{{Denomination: taler.Denomination{DenomPubHash: *r.Body.HDenomPub}}}
		if !proven(keys.SignKeys, asked, r.Body) || proven(knownExchange(t, samples(t)).SignKeys, asked, r.Body) || proven(keys.SignKeys, nil, r.Body) {
			t.Errorf("%s: the proof is held to be another one", r.Name)
		}
		checked++
	}
	if checked == 0 {
		t.Error("no proof was recorded")
	}
}
