package taler

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func someWithdrawal(t *testing.T, state State) Withdrawal {
	t.Helper()
	w := Withdrawal{
		State: StatePending, WOPID: someWOPID(t), Currency: "CHF",
		Terminal: "till-1", RequestUID: "u1", Provider: "simulator",
		Amount: mustAmount(t, "CHF:20"), WithdrawalFees: mustAmount(t, "CHF:0.1"), TerminalFees: mustAmount(t, "CHF:0.25"),
		ExchangeAccount: "payto://iban/CH9300762011623852957?receiver-name=Exchange", ExchangeURL: "https://exchange.example/", Created: 100,
	}
	if state == StateSelected || state == StateConfirmed {
		w.ReservePub, w.Selected = mustKey(t, someKey), 110
	}
	if state == StateConfirmed {
		w.ProviderTransactionID, w.Confirmed, w.Row, w.Proof = "4711", 120, 3, json.RawMessage(`{"state":"paid"}`)
	}
	w.State = state
	return w
}

// Rows: absent members, status document.
func TestStatusDocumentOfEachState(t *testing.T) {
	const always = `"currency":"CHF","amount":"CHF:20","card_fees":"CHF:0.35","suggested_exchange":"https://exchange.example/",
		"required_exchange":"https://exchange.example/","wire_types":["iban"],`
	const selected = `"selected_reserve_pub":"` + someKey + `","selected_exchange_account":"payto://iban/CH9300762011623852957?receiver-name=Exchange",`
	for state, want := range map[State]string{
		StatePending:   `{` + always + `"status":"pending","aborted":false,"selection_done":false,"transfer_done":false}`,
		StateSelected:  `{` + always + selected + `"status":"selected","aborted":false,"selection_done":true,"transfer_done":false}`,
		StateConfirmed: `{` + always + selected + `"status":"confirmed","aborted":false,"selection_done":true,"transfer_done":true}`,
		StateAborted:   `{` + always + `"status":"aborted","aborted":true,"selection_done":false,"transfer_done":false}`,
	} {
		t.Run(string(state), func(t *testing.T) {
			text, err := json.Marshal(Status(someWithdrawal(t, state), Amount{}, Amount{}))
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, text, []byte(want))
			var back BankWithdrawalOperationStatus
			if err := Unmarshal(text, &back); err != nil || back.Status != state {
				t.Errorf("a wallet reads %q, %v", back.Status, err)
			}
		})
	}
}

// Rows: status of a free amount.
func TestStatusOfAnAmountThatTheWalletChooses(t *testing.T) {
	w := someWithdrawal(t, StatePending)
	w.Amount, w.SuggestedAmount = Amount{}, mustAmount(t, "CHF:50")
	w.TerminalFees, w.WithdrawalFees = Amount{}, mustAmount(t, "CHF:0")
	least, most := mustAmount(t, "CHF:5"), mustAmount(t, "CHF:100")
	text, err := json.Marshal(Status(w, least, most))
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, text, []byte(`{"status":"pending","currency":"CHF","suggested_amount":"CHF:50","min_amount":"CHF:5","max_amount":"CHF:100",
		"suggested_exchange":"https://exchange.example/","required_exchange":"https://exchange.example/","wire_types":["iban"],
		"aborted":false,"selection_done":false,"transfer_done":false}`))
	if s := Status(someWithdrawal(t, StatePending), least, most); s.MinAmount != (Amount{}) || s.MaxAmount != (Amount{}) {
		t.Error("a fixed amount has bounds")
	}
}

func TestStatusOfAnOperationAbortedAfterItsSelection(t *testing.T) {
	w := someWithdrawal(t, StateSelected)
	w.State = StateAborted
	if s := Status(w, Amount{}, Amount{}); !s.Aborted || !s.SelectionDone || s.TransferDone || s.SelectedReservePub.IsZero() {
		t.Errorf("%+v", s)
	}
}

func TestWhatTheCardIsCharged(t *testing.T) {
	w := someWithdrawal(t, StatePending)
	if total, err := w.Total(); err != nil || total.String() != "CHF:20.35" {
		t.Errorf("%s, %v", total, err)
	}
	w.TerminalFees, w.WithdrawalFees = Amount{}, Amount{}
	if fees, err := w.Fees(); err != nil || fees != mustAmount(t, "CHF:0") {
		t.Errorf("no fees are %s, %v", fees, err)
	}
	w.TerminalFees = mustAmount(t, "EUR:1")
	if total, err := w.Total(); err == nil {
		t.Errorf("fees of another currency make %s", total)
	}
}

func TestTheStateReadsBackAsItWasStored(t *testing.T) {
	for _, state := range []State{StatePending, StateSelected, StateConfirmed, StateAborted} {
		text, err := json.Marshal(someWithdrawal(t, state))
		if err != nil {
			t.Fatal(err)
		}
		roundTrip[Withdrawal](t, text)
	}
}

// Rows: incoming rows.
func TestTheHistoryRowOfAConfirmedWithdrawal(t *testing.T) {
	debit, err := ParsePayto("payto://card-simulator/4711?receiver-name=Cardholder")
	if err != nil {
		t.Fatal(err)
	}
	row, err := someWithdrawal(t, StateConfirmed).Incoming(debit)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, text, []byte(`{"type":"RESERVE","row_id":3,"date":{"t_s":120},"amount":"CHF:20",
		"debit_account":"payto://card-simulator/4711?receiver-name=Cardholder","reserve_pub":"`+someKey+`"}`))
	if _, err := someWithdrawal(t, StatePending).Incoming(debit); fault.KindOf(err) != fault.Internal {
		t.Errorf("a withdrawal that was not confirmed became a row: %v", err)
	}
}

// TestAnEmptyAmountIsNotAnAbsentOne: as an absent one it would leave it to the
// wallet how much a withdrawal is.
func TestAnEmptyAmountIsNotAnAbsentOne(t *testing.T) {
	for name, row := range map[string]struct {
		document string
		into     any
		refused  bool
	}{
		"amount":                           {`{"request_uid":"u","amount":""}`, new(TerminalWithdrawalSetup), true},
		"spelt otherwise, unknown":         {`{"request_uid":"u","Amount":""}`, new(TerminalWithdrawalSetup), false},
		"amount, and no proposal":          {`{"request_uid":"u","amount":"","suggested_amount":"","terminal_fees":""}`, new(TerminalWithdrawalSetup), true},
		"amount, and a proposal":           {`{"request_uid":"u","amount":"","suggested_amount":"CHF:1"}`, new(TerminalWithdrawalSetup), false},
		"all that is not needed":           {`{"request_uid":"u","amount":"CHF:1","suggested_amount":"","terminal_fees":"","provider_transaction_id":"","user_uuid":"","lock":""}`, new(TerminalWithdrawalSetup), false},
		"all that a notice can do without": {`{"provider_transaction_id":"7","terminal_fees":"","user_uuid":"","lock":""}`, new(TerminalWithdrawalConfirmationRequest), false},
		"the wallet's":                     {`{"amount":""}`, new(BankWithdrawalOperationPostRequest), true},
		"absent":                           {`{"request_uid":"u"}`, new(TerminalWithdrawalSetup), false},
		"null":                             {`{"request_uid":"u","amount":null}`, new(TerminalWithdrawalSetup), false},
		"absent at the notice":             {`{"provider_transaction_id":"7"}`, new(TerminalWithdrawalConfirmationRequest), false},
		"absent at the selection":          {`{}`, new(BankWithdrawalOperationPostRequest), false},
		"an amount in another one":         {`{"request_uid":"u","amount":"CHF:1","more":{"amount":""}}`, new(TerminalWithdrawalSetup), false},
	} {
		t.Run(name, func(t *testing.T) {
			err := Unmarshal([]byte(row.document), row.into)
			if status, body := StatusOf(err); row.refused && (status != 400 || body.Code != 5108) || !row.refused && err != nil {
				t.Errorf("%d %d: %v", status, body.Code, err)
			}
		})
	}
}
