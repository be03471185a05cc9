package taler_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

func TestAForgedSignatureMakesNoCoin(t *testing.T) {
	for name, corrupt := range map[string]func([]wire.BlindSignature){
		"one bit":        func(r []wire.BlindSignature) { r[0].BlindedRSASignature[9] ^= 1 },
		"two swapped":    func(r []wire.BlindSignature) { r[0], r[1] = r[1], r[0] },
		"of another key": func(r []wire.BlindSignature) { r[0].BlindedRSASignature = wrongKey() },
		"above the modulus": func(r []wire.BlindSignature) {
			r[0].BlindedRSASignature = bytes.Repeat([]byte{0xff}, 256)
		},
		"nothing": func(r []wire.BlindSignature) { r[0].BlindedRSASignature = nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:13", "CHF:13")
			w.mint.with(func() { w.mint.corrupt = corrupt })
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, fault.Invalid, "coin-signature-invalid")
			status, reserve := w.reserve(r.Reserve)
			if status != wire.ReserveFailed || reserve.Proof == nil || reserve.Batch == nil || reserve.ReservePriv.IsZero() {
				t.Errorf("the reserve is %s and the proof is incomplete", status)
			}
			if len(w.coins()) != 0 {
				t.Error("there are coins")
			}
			if !bytes.Equal(reserve.Proof.Request, w.mint.requests[0]) {
				t.Error("the proof is not what was sent")
			}
			// An exchange that answers well after all makes the coins, and its fault
			// stays on record.
			w.mint.with(func() { w.mint.corrupt = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins != len(w.coins()) || got.Coins == 0 {
				t.Errorf("withdrew %+v", got)
			}
			if status, after := w.reserve(r.Reserve); status != wire.ReserveDone || after.Proof == nil || after.Reason != "" {
				t.Errorf("the reserve is %s, because of %q", status, after.Reason)
			}
		})
	}
}

// wrongKey is a signature by a denomination that was not asked for.
func wrongKey() []byte {
	signed, err := rsaKeys()[3].SignBlinded([]byte{1, 2, 3})
	if err != nil {
		panic(err)
	}
	return signed
}

func TestHostileAnswersLeaveTheBatchAsItWas(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":        ``,
		"no JSON":        `<html>`,
		"null":           `null`,
		"another type":   `{"ev_sigs":7}`,
		"no signatures":  `{"ev_sigs":[]}`,
		"too many":       `{"ev_sigs":[{},{},{},{},{},{}]}`,
		"another cipher": `{"ev_sigs":[{"ev_sig":{"cipher":"CS"}},{"ev_sig":{"cipher":"CS"}}]}`,
		"foreign base32": `{"ev_sigs":[{"ev_sig":{"cipher":"RSA","blinded_rsa_signature":"!!!!"}}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12.1", "CHF:12.1") // 10 and 2
			w.mint.always(http.MethodPost, 200, body)
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, fault.Invalid, wire.ReasonAnswerMalformed)
			w.mint.with(func() { w.mint.intercept = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 {
				t.Error("nothing could be withdrawn afterwards")
			}
		})
	}
}

func TestRefusalsOfAnExchange(t *testing.T) {
	for _, row := range []struct {
		status int
		code   wire.Code
		kind   fault.Kind
		reason fault.Reason
		frozen bool // only the same bytes may follow
	}{
		{404, wire.CodeDenominationUnknown, fault.NotFound, wire.ReasonDenominationUnknown, false},
		{410, wire.CodeDenominationExpired, fault.Conflict, wire.ReasonDenominationExpired, false},
		{410, wire.CodeDenominationNotYet, fault.Conflict, wire.ReasonDenominationNotYet, false},
		{412, wire.CodeDenominationNotYet, fault.Conflict, wire.ReasonDenominationNotYet, false},
		{410, wire.CodeDenominationRevoked, fault.Conflict, wire.ReasonDenominationRevoked, true},
		{410, wire.CodeDenominationKeyLost, fault.Conflict, wire.ReasonDenominationKeyLost, true},
		{409, wire.CodeInsufficientFunds, fault.Conflict, wire.ReasonInsufficientFunds, true},
		{404, wire.CodeReserveUnknown, fault.NotFound, wire.ReasonReserveUnknown, true},
		{403, wire.CodeReserveSignature, fault.Denied, wire.ReasonReserveSignature, true},
		{409, wire.CodeBatchPartlyWithdrawn, fault.Conflict, wire.ReasonBatchPartlyWithdrawn, true},
		{451, wire.CodeKYCRequired, fault.Denied, wire.ReasonKYCRequired, true},
		{403, wire.CodeKYCRequired, fault.Denied, wire.ReasonKYCRequired, true},
		{400, wire.CodeJSONInvalid, fault.Invalid, wire.ReasonJSONInvalid, true},
		{500, wire.CodeDBCommitFailed, fault.Unknown, "exchange-failed", true},
		{503, wire.CodeNone, fault.Unknown, "exchange-failed", true},
	} {
		t.Run(fmt.Sprint(row.status, "/", row.code), func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12", "CHF:12")
			w.mint.always(http.MethodPost, row.status, w.mint.proof(row.code, w.state().Denominations[0].DenomPubHash))
			_, err := w.batch("WITHDRAW", r.Reserve, nil)
			wantFault(t, err, row.kind, row.reason)
			status, reserve := w.reserve(r.Reserve)
			if status != wire.ReserveSent || (reserve.Batch != nil) != row.frozen || reserve.Evidence == nil || reserve.Evidence.Status != row.status {
				t.Errorf("the reserve is %s, frozen %v", status, reserve.Batch != nil)
			}
			w.mint.with(func() { w.mint.intercept = nil })
			result, err := w.batch("WITHDRAW", r.Reserve, nil)
			if got := valueOf[wire.WithdrawResult](t, result, err); got.Coins == 0 {
				t.Error("the reserve is of no use any more")
			}
		})
	}
}

func TestAnswersToAwaitThatAreNotTaken(t *testing.T) {
	for name, row := range map[string]struct {
		body   string
		kind   fault.Kind
		reason fault.Reason
	}{
		"another currency": {`{"balance":"EUR:12"}`, fault.Invalid, wire.ReasonCurrencyMismatch},
		"age restricted":   {`{"balance":"CHF:12","maximum_age_group":3}`, fault.Unsupported, "age-restricted"},
		"no balance":       {`{}`, fault.Invalid, wire.ReasonAnswerMalformed},
		"an empty balance": {`{"balance":""}`, fault.Invalid, wire.ReasonAnswerMalformed},
		"no JSON":          {`<p>`, fault.Invalid, wire.ReasonAnswerMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			w := readyWallet(t)
			r := w.prepare("CHF:12", "CHF:12")
			w.mint.always(http.MethodGet, 200, row.body)
			_, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{})
			wantFault(t, err, row.kind, row.reason)
		})
	}
}

// Where the money came from is for people, and spelt as its bank likes.
func TestAnOriginThatNobodyCanReadIsIgnored(t *testing.T) {
	for _, origin := range []string{
		"x", "", "payto://iban/DE1?receiver-name=me", "payto://iban/de75512108001245126199", "payto://x-taler-bank/bank:8080/alice", "payto://iban/DE1?receiver-name=x y",
	} {
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		body, _ := json.Marshal(map[string]string{"balance": "CHF:12", "last_origin": origin})
		w.mint.always(http.MethodGet, 200, string(body))
		result, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{})
		if got := valueOf[wire.AwaitResult](t, result, err); !got.Exists || got.Balance != amount("CHF:12") {
			t.Errorf("%q: awaited %+v", origin, got)
		}
	}
}

// An exchange that has failed, with Taler's body or a proxy's, is one to ask again.
func TestAFailureOfAnExchangePasses(t *testing.T) {
	for status, body := range map[int]string{500: `{"code":5005}`, 502: "<h1>", 503: "", 504: `{"code":0}`, 429: "", 408: "<h1>"} {
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		w.mint.always(http.MethodGet, status, body)
		_, err := w.batch("AWAIT", r.Reserve, wire.AwaitArgs{})
		wantFault(t, err, fault.Unavailable, "exchange-failed")
		for _, operation := range []string{"REFRESH", "TERMS"} {
			_, err = w.do("taler.exchange", operation, w.exchange, nil)
			wantFault(t, err, fault.Unavailable, "exchange-failed")
		}
	}
}

// TestCoinsThatWouldNeedAnAge: the exchange says so of the request when it has not said it
// of the reserve, under codes of several names.
func TestCoinsThatWouldNeedAnAge(t *testing.T) {
	for body, reason := range map[string]fault.Reason{
		`{"code":5999,"maximum_allowed_age":13}`: "age-restricted",
		`{"code":5999,"maximum_allowed_age":0}`:  wire.ReasonServerRefused,
		`{"code":5999}`:                          wire.ReasonServerRefused,
	} {
		w := readyWallet(t)
		r := w.prepare("CHF:12", "CHF:12")
		w.mint.always(http.MethodPost, http.StatusConflict, body)
		_, err := w.batch("WITHDRAW", r.Reserve, nil)
		if fault.ReasonOf(err) != reason {
			t.Errorf("%s is %v", body, err)
		}
		if status, reserve := w.reserve(r.Reserve); status != wire.ReserveSent || reserve.Batch == nil {
			t.Errorf("%s leaves the reserve %s, frozen %v", body, status, reserve.Batch != nil)
		}
	}
}
