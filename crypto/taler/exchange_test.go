package taler_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// keys is what of a /keys document is signed.
type keys struct {
	Master   taler.EddsaPublicKey `json:"master_public_key"`
	Signkeys []struct {
		Start  taler.Timestamp      `json:"stamp_start"`
		Expire taler.Timestamp      `json:"stamp_expire"`
		End    taler.Timestamp      `json:"stamp_end"`
		Key    taler.EddsaPublicKey `json:"key"`
		Sig    taler.EddsaSignature `json:"master_sig"`
	} `json:"signkeys"`
	Accounts []struct {
		PaytoURI      string               `json:"payto_uri"`
		ConversionURL string               `json:"conversion_url"`
		Debit         json.RawMessage      `json:"debit_restrictions"`
		Credit        json.RawMessage      `json:"credit_restrictions"`
		Sig           taler.EddsaSignature `json:"master_sig"`
	} `json:"accounts"`
	WireFees map[string][]struct {
		Wire    instrument.Amount    `json:"wire_fee"`
		Closing instrument.Amount    `json:"closing_fee"`
		Start   taler.Timestamp      `json:"start_date"`
		End     taler.Timestamp      `json:"end_date"`
		Sig     taler.EddsaSignature `json:"sig"`
	} `json:"wire_fees"`
	Groups     []group `json:"denominations"`
	GlobalFees []struct {
		Start   taler.Timestamp      `json:"start_date"`
		End     taler.Timestamp      `json:"end_date"`
		History instrument.Amount    `json:"history_fee"`
		Account instrument.Amount    `json:"account_fee"`
		Purse   instrument.Amount    `json:"purse_fee"`
		Expiry  taler.RelativeTime   `json:"history_expiration"`
		Timeout taler.RelativeTime   `json:"purse_timeout"`
		Limit   uint32               `json:"purse_account_limit"`
		Sig     taler.EddsaSignature `json:"master_sig"`
	} `json:"global_fees"`
	Issued      taler.Timestamp      `json:"list_issue_date"`
	ExchangePub taler.EddsaPublicKey `json:"exchange_pub"`
	ExchangeSig taler.EddsaSignature `json:"exchange_sig"`
}

type group struct {
	Cipher      string            `json:"cipher"`
	AgeMask     uint32            `json:"age_mask"`
	Value       instrument.Amount `json:"value"`
	FeeWithdraw instrument.Amount `json:"fee_withdraw"`
	FeeDeposit  instrument.Amount `json:"fee_deposit"`
	FeeRefresh  instrument.Amount `json:"fee_refresh"`
	FeeRefund   instrument.Amount `json:"fee_refund"`
	Denoms      []denom           `json:"denoms"`
}

type denom struct {
	RSAPub         string               `json:"rsa_pub"`
	CSPub          string               `json:"cs_pub"`
	Start          taler.Timestamp      `json:"stamp_start"`
	ExpireWithdraw taler.Timestamp      `json:"stamp_expire_withdraw"`
	ExpireDeposit  taler.Timestamp      `json:"stamp_expire_deposit"`
	ExpireLegal    taler.Timestamp      `json:"stamp_expire_legal"`
	Sig            taler.EddsaSignature `json:"master_sig"`
}

func (g group) hash(t *testing.T, d denom) taler.HashCode {
	t.Helper()
	if strings.HasPrefix(g.Cipher, "CS") {
		return taler.DenomHash(g.AgeMask, taler.CipherCS, b32(t, d.CSPub))
	}
	pub, err := taler.ParseRSAPublicKey(b32(t, d.RSAPub))
	if err != nil {
		t.Fatal(err)
	}
	return taler.DenomHash(g.AgeMask, taler.CipherRSA, pub.Encode())
}

// verify checks every signature of the document.
func (k keys) verify(t *testing.T) {
	t.Helper()
	if len(k.Signkeys) == 0 || len(k.Accounts) == 0 || len(k.WireFees) == 0 || len(k.Groups) == 0 || len(k.GlobalFees) == 0 {
		t.Fatal("a part of the document is missing")
	}
	online := false
	for _, s := range k.Signkeys {
		accepts(t, k.Master, taler.SigningKey{Start: s.Start, Expire: s.Expire, End: s.End, Key: s.Key}.Message(), s.Sig)
		online = online || s.Key == k.ExchangePub
	}
	if !online {
		t.Error("the list's signer is no signing key of the document")
	}
	for _, a := range k.Accounts {
		message, err := taler.Account{
			PaytoURI: a.PaytoURI, ConversionURL: a.ConversionURL, DebitRestrictions: a.Debit, CreditRestrictions: a.Credit,
		}.Message()
		if err != nil {
			t.Fatal(err)
		}
		accepts(t, k.Master, message, a.Sig)
	}
	for method, fees := range k.WireFees {
		for _, f := range fees {
			accepts(t, k.Master, taler.WireFee{Method: method, Start: f.Start, End: f.End, Wire: f.Wire, Closing: f.Closing}.Message(), f.Sig)
		}
	}
	for _, f := range k.GlobalFees {
		accepts(t, k.Master, taler.GlobalFee{
			Start: f.Start, End: f.End, PurseTimeout: f.Timeout, HistoryExpiration: f.Expiry,
			History: f.History, Account: f.Account, Purse: f.Purse, PurseAccountLimit: f.Limit,
		}.Message(), f.Sig)
	}
	var sigs []taler.EddsaSignature
	for _, g := range k.Groups {
		for _, d := range g.Denoms {
			sigs = append(sigs, d.Sig)
			accepts(t, k.Master, taler.Denomination{
				Master: k.Master, Start: d.Start, ExpireWithdraw: d.ExpireWithdraw, ExpireDeposit: d.ExpireDeposit,
				ExpireLegal: d.ExpireLegal, Value: g.Value, FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit,
				FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund, Denom: g.hash(t, d),
			}.Message(), d.Sig)
		}
	}
	accepts(t, k.ExchangePub, taler.DenominationList{Issued: k.Issued, MasterSigs: sigs}.Message(), k.ExchangeSig)
}

func TestEverySignatureOfARealKeysDocument(t *testing.T) {
	var file struct{ Keys keys }
	load(t, "exchange-keys.json", &file)
	file.Keys.verify(t)
}

type withdrawRequest struct {
	Planchets []struct {
		Denom  taler.HashCode `json:"denom_pub_hash"`
		CoinEv struct {
			Cipher  string `json:"cipher"`
			Blinded string `json:"rsa_blinded_planchet"`
		} `json:"coin_ev"`
		Sig taler.EddsaSignature `json:"reserve_sig"`
	} `json:"planchets"`
}

// verifyReserve checks each planchet's signature by the reserve in the path.
func (w withdrawRequest) verifyReserve(t *testing.T, path string, price map[taler.HashCode]instrument.Amount) {
	t.Helper()
	reserve, err := taler.ParseEddsaPublicKey(strings.Split(path, "/")[2])
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Planchets) == 0 {
		t.Fatal("there are no planchets")
	}
	for _, p := range w.Planchets {
		total, ok := price[p.Denom]
		if !ok {
			t.Fatalf("denomination %s is not in the document", p.Denom)
		}
		ev := taler.CoinEvHash(p.Denom, taler.CipherRSA, b32(t, p.CoinEv.Blinded))
		accepts(t, reserve, taler.CoinWithdrawal{AmountWithFee: total, Denom: p.Denom, CoinEv: ev}.Message(), p.Sig)
	}
}

func (k keys) prices(t *testing.T) map[taler.HashCode]instrument.Amount {
	t.Helper()
	price := map[taler.HashCode]instrument.Amount{}
	for _, g := range k.Groups {
		total, err := g.Value.Add(g.FeeWithdraw)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range g.Denoms {
			price[g.hash(t, d)] = total
		}
	}
	return price
}

func TestTheReserveSignaturesOfARealWithdrawal(t *testing.T) {
	var k struct{ Keys keys }
	load(t, "exchange-keys.json", &k)
	var w struct {
		Line    string `json:"request_line"`
		Request withdrawRequest
	}
	load(t, "exchange-withdraw.json", &w)
	w.Request.verifyReserve(t, strings.Fields(w.Line)[1], k.Keys.prices(t))
}

// httpVector checks what is signed in a recorded answer.
func httpVector(t *testing.T, v vector) {
	switch v.Name {
	case "x-keys", "keys-response-sample":
		var k keys
		v.Outputs.get(t, "response", &k)
		k.verify(t)
	case "withdraw-v26-http":
		unifiedRequest(t, v)
	case "batch-withdraw-http":
		batchRequest(t, v)
	case "x-batch-withdraw-cs":
		schnorrRequest(t, v)
	case "x-batch-withdraw", "x-withdraw-mixed-batch", "x-withdraw-insufficient-funds", "x-withdraw-reserve-unknown":
		var w withdrawRequest
		v.Inputs.get(t, "request", &w)
		w.verifyReserve(t, v.Inputs.text(t, "path"), recordedPrices(t))
	default:
		var proof struct {
			At        taler.Timestamp      `json:"timestamp"`
			Operation string               `json:"oper"`
			Denom     taler.HashCode       `json:"h_denom_pub"`
			Pub       taler.EddsaPublicKey `json:"exchange_pub"`
			Sig       taler.EddsaSignature `json:"exchange_sig"`
		}
		v.Outputs.get(t, "response", &proof)
		message := taler.DenominationUnknown{At: proof.At, Denom: proof.Denom}.Message()
		if proof.Operation != "" {
			message = taler.DenominationExpired{At: proof.At, Operation: proof.Operation, Denom: proof.Denom}.Message()
		}
		accepts(t, proof.Pub, message, proof.Sig)
	}
}

// recordedPrices are those of the /keys document of the same exchange.
func recordedPrices(t *testing.T) map[taler.HashCode]instrument.Amount {
	t.Helper()
	var k keys
	named(t, "x-keys").Outputs.get(t, "response", &k)
	return k.prices(t)
}
