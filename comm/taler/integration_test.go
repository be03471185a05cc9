package taler

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/swaperoo/swaperoo/comm/fault"
)

type operationRecord struct {
	Name    string
	Method  string
	Status  int
	Request json.RawMessage
	Body    json.RawMessage
}

func TestOperationsOfARealBank(t *testing.T) {
	var recs []operationRecord
	recorded(t, "fakebank-operations.json", &recs)
	seen := map[State]bool{}
	for _, rec := range recs {
		t.Run(rec.Name, func(t *testing.T) {
			if string(rec.Request) != "null" && rec.Status == 200 {
				roundTrip[BankWithdrawalOperationPostRequest](t, rec.Request)
			}
			switch {
			case rec.Status != 200:
				if err := FaultOf(rec.Status, rec.Body); fault.ReasonOf(err) == "" {
					t.Errorf("no reason in %v", err)
				}
			case rec.Method == "GET":
				var got BankWithdrawalOperationStatus
				if err := Unmarshal(rec.Body, &got); err != nil {
					t.Fatal(err)
				}
				seen[got.Status] = true
				if got.Currency != "KUDOS" || got.Exchange() != "http://localhost:8081/" {
					t.Errorf("currency %q, exchange %q", got.Currency, got.Exchange())
				}
			default:
				roundTrip[BankWithdrawalOperationPostResponse](t, rec.Body)
			}
		})
	}
	for _, s := range []State{StatePending, StateSelected, StateConfirmed, StateAborted} {
		if !seen[s] {
			t.Errorf("no operation was %s", s)
		}
	}
}

// Without the word of later versions the state is in the three booleans.
//
// Rows: old wallets.
func TestStatusOfBanksBeforeTheWordStatus(t *testing.T) {
	for name, row := range map[string]struct {
		booleans string
		want     State
	}{
		"pending":                 {`"aborted":false,"selection_done":false,"transfer_done":false`, StatePending},
		"selected":                {`"aborted":false,"selection_done":true,"transfer_done":false`, StateSelected},
		"confirmed":               {`"aborted":false,"selection_done":true,"transfer_done":true`, StateConfirmed},
		"aborted":                 {`"aborted":true,"selection_done":false,"transfer_done":false`, StateAborted},
		"aborted after selection": {`"aborted":true,"selection_done":true,"transfer_done":false`, StateAborted},
	} {
		t.Run(name, func(t *testing.T) {
			var got BankWithdrawalOperationStatus
			err := Unmarshal([]byte(`{"amount":"CHF:1","wire_types":["iban"],"sender_wire":null,`+row.booleans+`}`), &got)
			if err != nil || got.Status != row.want {
				t.Errorf("%q, %v", got.Status, err)
			}
		})
	}
}

// libeufin's bank writes the accounts of its books as it keeps them: without a
// receiver-name, and in its sandboxes with IBANs that are none.
//
// Rows: bank accounts.
func TestStatusOfBanksThatWriteAccountsTheirWay(t *testing.T) {
	for _, account := range []string{
		"payto://iban/DE89370400440532013000", "payto://iban/SANDBOXX/MERCHANT-IBAN-XYZ",
		"payto://x-taler-bank/bank.demo.taler.net/alice", "payto://iban/DE89370400440532013000?receiver-name=Jane Doe",
	} {
		var got BankWithdrawalOperationStatus
		err := Unmarshal([]byte(`{"status":"selected","amount":"KUDOS:9","aborted":false,"selection_done":true,"transfer_done":false,`+
			`"sender_wire":"`+account+`","wire_types":["iban"],"selected_reserve_pub":"`+someKey+`","selected_exchange_account":"`+account+`"}`), &got)
		if err != nil || got.Status != StateSelected || got.SenderWire != Payto(account) || got.SelectedExchange != Payto(account) {
			t.Errorf("%s was read as %+v, %v", account, got, err)
		}
	}
}

func TestStatusDocumentsThatAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no wire types":        `{"status":"pending","amount":"CHF:1"}`,
		"no amount, currency":  `{"status":"pending","wire_types":["iban"]}`,
		"status of the future": `{"status":"frozen","amount":"CHF:1","wire_types":["iban"]}`,
		"account as a number":  `{"status":"pending","amount":"CHF:1","wire_types":["iban"],"sender_wire":1}`,
		"amount as a number":   `{"status":"pending","amount":1,"wire_types":["iban"]}`,
		"not an object":        `[]`,
		"half an object":       `{"status":`,
		"nothing":              ``,
		"two documents":        `{"status":"pending","amount":"CHF:1","wire_types":["iban"]}{}`,
	} {
		t.Run(name, func(t *testing.T) {
			var s BankWithdrawalOperationStatus
			if err := Unmarshal([]byte(text), &s); !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonJSONInvalid {
				t.Errorf("read as %+v, %v", s, err)
			}
		})
	}
}

func TestAMalformedAmountKeepsItsReason(t *testing.T) {
	var r BankWithdrawalOperationPostRequest
	err := Unmarshal([]byte(`{"amount":"CHF:1,5"}`), &r)
	if status, body := StatusOf(err); status != 400 || body.Code != CodeBadFormatAmount {
		t.Errorf("%d, %+v", status, body)
	}
	err = Unmarshal([]byte(`{"amount":"CHF:4503599627370497"}`), &r)
	if status, body := StatusOf(err); status != 400 || body.Code != CodeNumberTooBig {
		t.Errorf("%d, %+v", status, body)
	}
}

func TestSelectionsThatAreRefused(t *testing.T) {
	key := mustKey(t, someKey)
	for name, row := range map[string]struct {
		req  BankWithdrawalOperationPostRequest
		want fault.Reason
	}{
		"complete":         {BankWithdrawalOperationPostRequest{ReservePub: key, SelectedExchange: somePayto}, ""},
		"with an amount":   {BankWithdrawalOperationPostRequest{key, somePayto, mustAmount(t, "CHF:3")}, ""},
		"no key":           {BankWithdrawalOperationPostRequest{SelectedExchange: somePayto}, ReasonJSONInvalid},
		"no exchange":      {BankWithdrawalOperationPostRequest{ReservePub: key}, ReasonJSONInvalid},
		"another currency": {BankWithdrawalOperationPostRequest{key, somePayto, mustAmount(t, "EUR:3")}, ReasonCurrencyMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.ReasonOf(row.req.Check("CHF")); got != row.want {
				t.Errorf("reason %q", got)
			}
		})
	}
}

func TestSetupsAndNoticesThatAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		err  error
		want fault.Reason
	}{
		"setup":                  {TerminalWithdrawalSetup{RequestUID: "a", Amount: mustAmount(t, "CHF:3")}.Check("CHF"), ""},
		"setup of a free amount": {TerminalWithdrawalSetup{RequestUID: "a"}.Check("CHF"), ""},
		"setup without nonce":    {TerminalWithdrawalSetup{}.Check("CHF"), ReasonJSONInvalid},
		"setup of nothing":       {TerminalWithdrawalSetup{RequestUID: "a", Amount: mustAmount(t, "CHF:0")}.Check("CHF"), ReasonAmountOutOfRange},
		"fees of nothing":        {TerminalWithdrawalSetup{RequestUID: "a", TerminalFees: mustAmount(t, "CHF:0")}.Check("CHF"), ""},
		"fees elsewhere":         {TerminalWithdrawalSetup{RequestUID: "a", TerminalFees: mustAmount(t, "EUR:1")}.Check("CHF"), ReasonCurrencyMismatch},
		"notice":                 {TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "4711"}.Check("CHF"), ""},
		"notice of nothing":      {TerminalWithdrawalConfirmationRequest{}.Check("CHF"), ReasonJSONInvalid},
		"notice of other fees":   {TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "1", TerminalFees: mustAmount(t, "EUR:1")}.Check("CHF"), ReasonCurrencyMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.ReasonOf(row.err); got != row.want {
				t.Errorf("%v", row.err)
			}
		})
	}
}

func TestAnswersToASelection(t *testing.T) {
	for state, want := range map[State]string{
		StateSelected:  `{"status":"selected","transfer_done":false}`,
		StateConfirmed: `{"status":"confirmed","transfer_done":true}`,
		StateAborted:   `{"status":"aborted","transfer_done":false}`,
	} {
		res, err := Selected(state)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := json.Marshal(res); err != nil || string(text) != want {
			t.Errorf("%s: %s, %v", state, text, err)
		}
	}
	if _, err := Selected(StatePending); !errors.Is(err, fault.Internal) {
		t.Errorf("pending: %v", err)
	}
	var old BankWithdrawalOperationPostResponse
	if err := Unmarshal([]byte(`{"transfer_done":false}`), &old); err != nil || old.Status != StateSelected {
		t.Errorf("answer of a bank before the word: %+v, %v", old, err)
	}
	if err := Unmarshal([]byte(`{}`), &old); err == nil {
		t.Error("an answer that says nothing was read")
	}
}

// The members and spellings of the APIs' documents, as a reader of the Taler
// documentation would write them.
//
// Rows: absent members.
func TestDocumentsOnTheWire(t *testing.T) {
	chf := func(text string) Amount { return mustAmount(t, "CHF:"+text) }
	for name, row := range map[string]struct {
		doc  any
		want string
	}{
		"terminal config": {
			TerminalConfig{Name: TerminalName, Version: TerminalVersion, ProviderName: "Simulator", Currency: "CHF", WithdrawalFees: chf("0"), WireType: "card"},
			`{"name":"taler-terminal","version":"0:0:0","provider_name":"Simulator","currency":"CHF","withdrawal_fees":"CHF:0","wire_type":"card"}`,
		},
		"setup": {
			TerminalWithdrawalSetup{RequestUID: "u1", Amount: chf("20.50"), TerminalFees: chf("0.3")},
			`{"request_uid":"u1","amount":"CHF:20.5","terminal_fees":"CHF:0.3"}`,
		},
		"setup of nothing": {TerminalWithdrawalSetup{RequestUID: "u1", Amount: chf("0")}, `{"request_uid":"u1","amount":"CHF:0"}`},
		"selection of nothing": {
			BankWithdrawalOperationPostRequest{mustKey(t, someKey), somePayto, chf("0")},
			`{"reserve_pub":"` + someKey + `","selected_exchange":"` + string(somePayto) + `","amount":"CHF:0"}`,
		},
		"refusal of an empty reserve": {
			ExchangeError{ErrorDetail: ErrorDetail{Code: CodeInsufficientFunds}, Balance: chf("0"), RequestedAmount: chf("1")},
			`{"code":1150,"balance":"CHF:0","requested_amount":"CHF:1"}`,
		},
		"setup with everything": {
			TerminalWithdrawalSetup{RequestUID: "u1", SuggestedAmount: chf("20"), ProviderTransactionID: "7", UserUUID: "me", Lock: "l"},
			`{"request_uid":"u1","suggested_amount":"CHF:20","provider_transaction_id":"7","user_uuid":"me","lock":"l"}`,
		},
		"setup answer": {TerminalWithdrawalSetupResponse{someWOPID(t)}, `{"withdrawal_id":"` + someID + `"}`},
		"notice": {
			TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "7", TerminalFees: chf("1"), UserUUID: "me", Lock: "l"},
			`{"provider_transaction_id":"7","terminal_fees":"CHF:1","user_uuid":"me","lock":"l"}`,
		},
		"integration config": {
			IntegrationConfig{Name: IntegrationName, Version: IntegrationVersion, Currency: "CHF", CurrencySpecification: new(PlainCurrency("CHF"))},
			`{"name":"taler-bank-integration","version":"5:0:5","currency":"CHF","currency_specification":{"name":"CHF","currency":"CHF",
			  "num_fractional_input_digits":2,"num_fractional_normal_digits":2,"num_fractional_trailing_zero_digits":2,"alt_unit_names":{"0":"CHF"}}}`,
		},
		"wire config": {
			WireConfig{Name: WireGatewayName, Version: WireGatewayVersion, Currency: "CHF", Implementation: "urn:x", SupportAccountCheck: true},
			`{"name":"taler-wire-gateway","version":"5:0:5","currency":"CHF","implementation":"urn:x","support_account_check":true}`,
		},
		"error": {ErrorDetail{Code: 5107, Hint: "gone"}, `{"code":5107,"hint":"gone"}`},
		"transfer": {
			TransferRequest{Amount: chf("1"), ExchangeBaseURL: "https://e/", CreditAccount: somePayto},
			`{"request_uid":"` + zeros(103) + `","amount":"CHF:1","exchange_base_url":"https://e/","wtid":"` + zeros(52) + `","credit_account":"` + string(somePayto) + `"}`,
		},
		"transfer answer": {TransferResponse{4, 1795212306}, `{"row_id":4,"timestamp":{"t_s":1795212306}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(row.doc)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(generic(t, []byte(row.want)), generic(t, got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func zeros(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = '0'
	}
	return string(text)
}

func FuzzOperationDocuments(f *testing.F) {
	var recs []operationRecord
	recorded(f, "fakebank-operations.json", &recs)
	for _, rec := range recs {
		f.Add([]byte(rec.Body))
		f.Add([]byte(rec.Request))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var status BankWithdrawalOperationStatus
		if Unmarshal(text, &status) == nil {
			writesWhatItReads(t, status)
		}
		var req BankWithdrawalOperationPostRequest
		if Unmarshal(text, &req) == nil {
			writesWhatItReads(t, req)
		}
		var setup TerminalWithdrawalSetup
		if Unmarshal(text, &setup) == nil {
			writesWhatItReads(t, setup)
		}
		_ = FaultOf(409, text).Error()
	})
}

func writesWhatItReads[T any](t *testing.T, v T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again T
	if err := Unmarshal(text, &again); err != nil {
		t.Fatalf("what we wrote we cannot read: %v\n%s", err, text)
	}
}
