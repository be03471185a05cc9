package taler

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

type pageRecord struct {
	Query  string
	Status int
	Body   json.RawMessage
}

func TestHistoriesOfARealBankAreRead(t *testing.T) {
	var recs []pageRecord
	recorded(t, "wirewatch-incoming.json", &recs)
	var last uint64
	for _, rec := range recs {
		if rec.Status != 200 || strings.Contains(rec.Query, "delta=-") {
			continue
		}
		h, err := ReadIncoming(rec.Body, last)
		if err != nil {
			t.Fatalf("%s: %v", rec.Query, err)
		}
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, text, rec.Body)
		for _, row := range h.IncomingTransactions {
			if err := CheckRow(row); err != nil {
				t.Error(err)
			}
			last = row.RowID
		}
	}
	if last != 3 {
		t.Errorf("read up to row %d", last)
	}
}

// rowText is a good row of the incoming history, changed.
func rowText(t testing.TB, change map[string]string) string {
	t.Helper()
	in := members{
		"type": json.RawMessage(`"RESERVE"`), "row_id": json.RawMessage(`7`), "date": json.RawMessage(`{"t_s":1795212155}`),
		"amount": json.RawMessage(`"KUDOS:25"`), "debit_account": json.RawMessage(`"payto://wallee-transaction/4711?receiver-name=C"`),
		"reserve_pub": json.RawMessage(`"` + someKey + `"`),
	}
	return in.changed(t, change)
}

// changed is the text of a document with some members replaced; "" removes one.
func (in members) changed(t testing.TB, change map[string]string) string {
	t.Helper()
	for name, value := range change {
		if value == "" {
			delete(in, name)
			continue
		}
		in[name] = json.RawMessage(value)
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pageText(rows ...string) []byte {
	return fmt.Appendf(nil, `{"credit_account":%q,"incoming_transactions":[%s]}`, somePayto, strings.Join(rows, ","))
}

// What the real wirewatch imported.
func TestRowsThatWirewatchTakes(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"plain":                      nil,
		"unknown member":             {"shiny": `{"a":[1]}`},
		"type in lower case":         {"type": `"reserve"`},
		"amount with zeros":          {"amount": `"KUDOS:10.00"`},
		"amount of nothing":          {"amount": `"KUDOS:0"`},
		"another currency":           {"amount": `"CHF:10"`},
		"sender without receiver":    {"debit_account": `"payto://wallee-transaction/4711"`},
		"a fee":                      {"credit_fee": `"KUDOS:0.1"`},
		"account authentication":     {"type": `"KYCAUTH"`, "reserve_pub": "", "account_pub": `"` + someKey + `"`},
		"from another exchange":      {"type": `"WAD"`, "reserve_pub": "", "origin_exchange_url": `"https://e.example/"`, "wad_id": `"` + zeros(39) + `"`},
		"a gap before the row":       {"row_id": `5000`},
		"the largest number we take": {"row_id": fmt.Sprint(math.MaxInt64)},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := ReadIncoming(pageText(rowText(t, change)), 6)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckRow(h.IncomingTransactions[0]); err != nil {
				t.Error(err)
			}
		})
	}
}

// Rows: incoming strict, timestamps.
func TestRowsThatRefuseTheWholePage(t *testing.T) {
	for name, change := range map[string]map[string]string{
		"no type":                   {"type": ""},
		"unknown type":              {"type": `"REFUND"`},
		"no row_id":                 {"row_id": ""},
		"row_id a text":             {"row_id": `"7"`},
		"row_id a fraction":         {"row_id": `7.0`},
		"row_id negative":           {"row_id": `-7`},
		"row_id zero":               {"row_id": `0`},
		"row_id of 64 bits":         {"row_id": `18446744073709551615`},
		"row_id of another case":    {"row_id": "", "Row_ID": "7"},
		"row_id null":               {"row_id": `null`},
		"date a number":             {"date": `1795212155`},
		"date in milliseconds":      {"date": `{"t_ms":1795212155000}`},
		"date a text number":        {"date": `{"t_s":"1795212155"}`},
		"date never":                {"date": `{"t_s":"never"}`},
		"no amount":                 {"amount": ""},
		"amount a number":           {"amount": `25`},
		"amount empty":              {"amount": `""`},
		"amount malformed":          {"amount": `"KUDOS:1."`},
		"fee of another currency":   {"credit_fee": `"CHF:1"`},
		"fee null":                  {"credit_fee": `null`},
		"no sender":                 {"debit_account": ""},
		"sender empty":              {"debit_account": `""`},
		"sender without receiver":   {"debit_account": `"payto://x-taler-bank/localhost/alice"`},
		"sender with a bad IBAN":    {"debit_account": `"payto://iban/DE00512108001245126199?receiver-name=x"`},
		"sender with a blank":       {"debit_account": `"payto://void/a b"`},
		"no key":                    {"reserve_pub": ""},
		"key too short":             {"reserve_pub": `"` + someKey[1:] + `"`},
		"key in lower case":         {"reserve_pub": `"` + strings.ToLower(someKey) + `"`},
		"key with spill bits":       {"reserve_pub": `"` + someKey[:51] + `H"`},
		"key of zeros":              {"reserve_pub": `"` + zeros(52) + `"`},
		"key of the other type":     {"type": `"KYCAUTH"`},
		"WAD without a URL":         {"type": `"WAD"`, "wad_id": `"` + zeros(39) + `"`},
		"WAD with a bad URL":        {"type": `"WAD"`, "origin_exchange_url": `"e.example"`, "wad_id": `"` + zeros(39) + `"`},
		"WAD with a bad id":         {"type": `"WAD"`, "origin_exchange_url": `"https://e/"`, "wad_id": `"` + zeros(38) + `"`},
		"lower than the row before": {"row_id": `6`},
		"the row that is known":     {"row_id": `5`},
	} {
		t.Run(name, func(t *testing.T) {
			good := rowText(t, map[string]string{"row_id": "6"})
			h, err := ReadIncoming(pageText(good, rowText(t, change)), 5)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonHistoryMalformed {
				t.Fatalf("read %+v, %v", h, err)
			}
			if len(h.IncomingTransactions) != 0 {
				t.Error("a part of the page was given")
			}
		})
	}
	if _, err := ReadIncoming(pageText(rowText(t, map[string]string{"row_id": "6"}), rowText(t, nil)), 5); err != nil {
		t.Errorf("the control was refused: %v", err)
	}
}

// Rows: incoming credit_account.
func TestPagesThatAreRefused(t *testing.T) {
	row := rowText(t, nil)
	for name, text := range map[string]string{
		"not JSON":               "<html>",
		"nothing":                "",
		"a list":                 "[" + row + "]",
		"null":                   "null",
		"no account":             `{"incoming_transactions":[` + row + `]}`,
		"account not in full":    `{"credit_account":"payto://x-taler-bank/h/a","incoming_transactions":[` + row + `]}`,
		"account empty":          `{"credit_account":"","incoming_transactions":[` + row + `]}`,
		"no rows member":         `{"credit_account":"` + string(somePayto) + `"}`,
		"rows null":              `{"credit_account":"` + string(somePayto) + `","incoming_transactions":null}`,
		"no rows":                string(pageText()),
		"a row that is null":     string(pageText("null")),
		"a row that is a number": string(pageText("7")),
	} {
		t.Run(name, func(t *testing.T) {
			if h, err := ReadIncoming([]byte(text), 0); fault.ReasonOf(err) != ReasonHistoryMalformed {
				t.Errorf("read %+v, %v", h, err)
			}
		})
	}
}

// Rows: incoming strict.
func TestABankDoesNotWriteRowsThatItsExchangeRefuses(t *testing.T) {
	good := IncomingTransaction{
		Type: TypeReserve, RowID: 1, Date: 1795212155, Amount: mustAmount(t, "CHF:20"),
		DebitAccount: "payto://wallee-transaction/4711?receiver-name=C", ReservePub: mustKey(t, someKey),
	}
	if err := CheckRow(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*IncomingTransaction){
		"no type":        func(r *IncomingTransaction) { r.Type = "" },
		"no number":      func(r *IncomingTransaction) { r.RowID = 0 },
		"no amount":      func(r *IncomingTransaction) { r.Amount = Amount{} },
		"no sender":      func(r *IncomingTransaction) { r.DebitAccount = "" },
		"sender unfit":   func(r *IncomingTransaction) { r.DebitAccount = "payto://iban/XX" },
		"no key":         func(r *IncomingTransaction) { r.ReservePub = EddsaPublicKey{} },
		"never":          func(r *IncomingTransaction) { r.Date = math.MaxUint64 },
		"fee of another": func(r *IncomingTransaction) { r.CreditFee = mustAmount(t, "EUR:1") },
	} {
		t.Run(name, func(t *testing.T) {
			row := good
			spoil(&row)
			if err := CheckRow(row); !errors.Is(err, fault.Internal) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzReadIncoming(f *testing.F) {
	f.Add(pageText(rowText(f, nil)), uint64(0))
	f.Add(pageText(rowText(f, map[string]string{"type": `"wad"`})), uint64(7))
	f.Add([]byte(`{"credit_account":null}`), uint64(0))
	f.Fuzz(func(t *testing.T, body []byte, after uint64) {
		h, err := ReadIncoming(body, after)
		if err != nil {
			return
		}
		for _, row := range h.IncomingTransactions {
			if row.RowID <= after {
				t.Errorf("row %d after %d", row.RowID, after)
			}
			after = row.RowID
			if err := CheckRow(row); err != nil {
				t.Errorf("a row that was read would not be written: %v", err)
			}
		}
	})
}
