package taler_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
)

// statementVector checks that the builder makes the signed bytes, and that the
// key makes the signature over them. Statements that no builder is for yet are
// put together from the header and the recorded body.
func statementVector(t *testing.T, v vector) {
	recorded := v.Outputs.hex(t, "signed_bytes_hex")
	message := build(t, v)
	if message == nil {
		message = taler.SignedMessage(taler.Purpose(binary.BigEndian.Uint32(recorded[4:])), recorded[8:])
	}
	equal(t, "message", message, recorded)
	for _, signer := range []string{"master_priv_b32", "signkey_priv_b32", "coin_priv_b32", "reserve_priv_b32", "auditor_priv_b32"} {
		if _, ok := v.Inputs[signer]; ok {
			signs(t, v.Inputs.text(t, signer), message, v.Outputs.text(t, "sig_b32"))
			return
		}
	}
	t.Error("the vector names no signer")
}

func build(t *testing.T, v vector) []byte {
	in := v.Inputs
	switch v.Name {
	case "signkey-validity":
		return taler.SigningKey{
			Start: in.at(t, "stamp_start"), Expire: in.at(t, "stamp_expire"), End: in.at(t, "stamp_end"), Key: in.pub(t, "key_b32"),
		}.Message()
	case "auditor-denomination":
		return taler.AuditedDenomination{AuditorURL: in.text(t, "auditor_url"), Denomination: sampleDenomination(t)}.Message()
	case "reserve-history-request":
		return taler.HistoryRequest{Start: in.number(t, "start_off")}.Message()
	case "denomination-validity":
		return validity(t, in).Message()
	case "wire-fee":
		return taler.WireFee{
			Method: in.text(t, "wire_method"), Start: in.at(t, "start_date"), End: in.at(t, "end_date"),
			Wire: in.amount(t, "wire_fee"), Closing: in.amount(t, "closing_fee"),
		}.Message()
	case "global-fees":
		return taler.GlobalFee{
			Start: in.at(t, "start_date"), End: in.at(t, "end_date"),
			PurseTimeout:      taler.RelativeTime(in.number(t, "purse_timeout_us")),
			HistoryExpiration: taler.RelativeTime(in.number(t, "history_expiration_us")),
			History:           in.amount(t, "history_fee"), Account: in.amount(t, "account_fee"), Purse: in.amount(t, "purse_fee"),
			PurseAccountLimit: uint32(in.number(t, "purse_account_limit")),
		}.Message()
	case "wire-details":
		message, err := taler.Account{
			PaytoURI:          in.text(t, "payto_uri"),
			DebitRestrictions: in["debit_restrictions"], CreditRestrictions: in["credit_restrictions"],
		}.Message()
		if err != nil {
			t.Fatal(err)
		}
		return message
	case "key-set":
		var sigs []taler.EddsaSignature
		in.get(t, "denom_master_sigs_b32", &sigs)
		return taler.DenominationList{Issued: in.at(t, "list_issue_date"), MasterSigs: sigs}.Message()
	case "denomination-unknown-affirmation":
		return taler.DenominationUnknown{At: in.at(t, "timestamp"), Denom: in.hash(t, "h_denom_b32")}.Message()
	case "denomination-expired-affirmation":
		return taler.DenominationExpired{
			At: in.at(t, "timestamp"), Operation: in.text(t, "oper"), Denom: in.hash(t, "h_denom_b32"),
		}.Message()
	}
	return nil
}

func validity(t *testing.T, in fields) taler.Denomination {
	t.Helper()
	return taler.Denomination{
		Master: in.pub(t, "master_pub_b32"),
		Start:  in.at(t, "stamp_start"), ExpireWithdraw: in.at(t, "stamp_expire_withdraw"),
		ExpireDeposit: in.at(t, "stamp_expire_deposit"), ExpireLegal: in.at(t, "stamp_expire_legal"),
		Value: in.amount(t, "value"), FeeWithdraw: in.amount(t, "fee_withdraw"), FeeDeposit: in.amount(t, "fee_deposit"),
		FeeRefresh: in.amount(t, "fee_refresh"), FeeRefund: in.amount(t, "fee_refund"),
		Denom: in.hash(t, "h_denom_b32"),
	}
}

// sampleDenomination is the one that the auditor's vector is about.
func sampleDenomination(t *testing.T) taler.Denomination {
	t.Helper()
	return validity(t, named(t, "denomination-validity").Inputs)
}

func TestEveryStatementHasItsSize(t *testing.T) {
	account, err := taler.Account{}.Message()
	if err != nil {
		t.Fatal(err)
	}
	extensions, err := taler.Extensions{Object: json.RawMessage(`{}`)}.Message()
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		message []byte
		size    int
		purpose taler.Purpose
	}{
		"signing key":          {taler.SigningKey{}.Message(), 64, 1024},
		"denomination":         {taler.Denomination{}.Message(), 256, 1025},
		"account":              {account, 232, 1030},
		"wire fee":             {taler.WireFee{}.Message(), 136, 1028},
		"global fee":           {taler.GlobalFee{}.Message(), 116, 1022},
		"denomination list":    {taler.DenominationList{}.Message(), 80, 1035},
		"denomination unknown": {taler.DenominationUnknown{}.Message(), 80, 1042},
		"denomination expired": {taler.DenominationExpired{}.Message(), 88, 1043},
		"extensions":           {extensions, 72, 1031},
		"audited denomination": {taler.AuditedDenomination{}.Message(), 320, 1064},
		"coin withdrawal":      {taler.CoinWithdrawal{}.Message(), 160, 1200},
		"withdrawal":           {taler.Withdrawal{}.Message(), 160, 1200},
		"history request":      {taler.HistoryRequest{}.Message(), 16, 1208},
	} {
		t.Run(name, func(t *testing.T) {
			if len(row.message) != row.size || binary.BigEndian.Uint32(row.message) != uint32(row.size) {
				t.Errorf("size is %d, and says %x; want %d", len(row.message), row.message[:4], row.size)
			}
			if got := taler.Purpose(binary.BigEndian.Uint32(row.message[4:])); got != row.purpose {
				t.Errorf("purpose is %d, want %d", got, row.purpose)
			}
		})
	}
}

func TestAnAccountBindsUrlAndRestrictions(t *testing.T) {
	plain := taler.Account{PaytoURI: "payto://iban/DE1?receiver-name=A"}
	seen := map[string]string{}
	for name, a := range map[string]taler.Account{
		"plain":      plain,
		"uri":        {PaytoURI: plain.PaytoURI + "B"},
		"conversion": {PaytoURI: plain.PaytoURI, ConversionURL: "https://conversion.test/"},
		"debit":      {PaytoURI: plain.PaytoURI, DebitRestrictions: json.RawMessage(`[{"type":"deny"}]`)},
		"credit":     {PaytoURI: plain.PaytoURI, CreditRestrictions: json.RawMessage(`[{"type":"deny"}]`)},
	} {
		message, err := a.Message()
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(message)]; ok {
			t.Errorf("%s and %s sign the same bytes", name, other)
		}
		seen[string(message)] = name
	}
	if _, err := (taler.Account{DebitRestrictions: json.RawMessage(`[`)}).Message(); !errors.Is(err, fault.Invalid) {
		t.Errorf("broken restrictions: %v", err)
	}
}
