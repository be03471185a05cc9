package taler

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// outgoingText is a good row of the outgoing history, changed.
func outgoingText(t testing.TB, change map[string]string) string {
	t.Helper()
	in := members{
		"row_id": json.RawMessage(`7`), "date": json.RawMessage(`{"t_s":1795212155}`), "amount": json.RawMessage(`"CHF:2.5"`),
		"credit_account": json.RawMessage(`"payto://wallee-transaction/4711?receiver-name=C"`), "wtid": json.RawMessage(`"` + someKey + `"`),
		"exchange_base_url": json.RawMessage(`"https://exchange.example/"`),
	}
	return in.changed(t, change)
}

// TestOutgoingRows: what the auditor reads, and what makes it refuse the page.
//
// Rows: outgoing strict.
func TestOutgoingRows(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]string
		good   bool
	}{
		"good":                    {nil, true},
		"unknown member":          {map[string]string{"colour": `1`}, true},
		"fee":                     {map[string]string{"debit_fee": `"CHF:0.1"`}, true},
		"metadata":                {map[string]string{"metadata": `"a:b"`}, true},
		"fee of another currency": {map[string]string{"debit_fee": `"EUR:0.1"`}, false},
		"metadata of no text":     {map[string]string{"metadata": `7`}, false},
		"no number":               {map[string]string{"row_id": ``}, false},
		"number 0":                {map[string]string{"row_id": `0`}, false},
		"number in quotes":        {map[string]string{"row_id": `"7"`}, false},
		"number that is too big":  {map[string]string{"row_id": `9223372036854775808`}, false},
		"no date":                 {map[string]string{"date": ``}, false},
		"date never":              {map[string]string{"date": `{"t_s":"never"}`}, false},
		"no amount":               {map[string]string{"amount": ``}, false},
		"amount malformed":        {map[string]string{"amount": `"CHF:1."`}, false},
		"no account":              {map[string]string{"credit_account": ``}, false},
		"account empty":           {map[string]string{"credit_account": `""`}, false},
		"account without name":    {map[string]string{"credit_account": `"payto://iban/CH9300762011623852957"`}, false},
		"no wtid":                 {map[string]string{"wtid": ``}, false},
		"wtid too short":          {map[string]string{"wtid": `"00"`}, false},
		"no address":              {map[string]string{"exchange_base_url": ``}, false},
		"address of no web":       {map[string]string{"exchange_base_url": `"exchange"`}, false},
		"address with brackets":   {map[string]string{"exchange_base_url": `"http://[::1]:8081/"`}, true},
		"address with a plus":     {map[string]string{"exchange_base_url": `"https://exchange.example/a+b/"`}, false},
		"address with a fragment": {map[string]string{"exchange_base_url": `"https://exchange.example/#1"`}, false},
		"address with a user":     {map[string]string{"exchange_base_url": `"https://me@exchange.example/"`}, false},
		"address null":            {map[string]string{"exchange_base_url": `null`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			page := `{"debit_account":"` + string(somePayto) + `","outgoing_transactions":[` + outgoingText(t, c.change) + `]}`
			h, err := ReadOutgoing([]byte(page), 6)
			if c.good != (err == nil) || err != nil && fault.ReasonOf(err) != ReasonHistoryMalformed {
				t.Fatalf("%v", err)
			}
			if err != nil {
				return
			}
			if err := CheckOutgoingRow(h.OutgoingTransactions[0]); err != nil {
				t.Error(err)
			}
			if _, err := ReadOutgoing([]byte(page), 7); err == nil {
				t.Error("a row that was seen before is taken")
			}
		})
	}
	for _, page := range []string{
		``, `[]`, `null`, `{}`, `{"debit_account":"` + string(somePayto) + `","outgoing_transactions":[]}`,
		`{"outgoing_transactions":[` + outgoingText(t, nil) + `]}`,
		`{"debit_account":"` + string(somePayto) + `","outgoing_transactions":[7]}`,
	} {
		if _, err := ReadOutgoing([]byte(page), 0); fault.ReasonOf(err) != ReasonHistoryMalformed {
			t.Errorf("%s: %v", page, err)
		}
	}
	if err := CheckOutgoingRow(OutgoingTransaction{RowID: 1}); fault.KindOf(err) != fault.Internal {
		t.Errorf("an empty row: %v", err)
	}
}

// FuzzReadOutgoing: what is taken can be written, and is taken again.
func FuzzReadOutgoing(f *testing.F) {
	f.Add(`{"debit_account":"`+string(somePayto)+`","outgoing_transactions":[`+outgoingText(f, nil)+`]}`, uint64(0))
	f.Add(`{"debit_account":"payto://iban/CH9300762011623852957?receiver-name=E","outgoing_transactions":[{}]}`, uint64(3))
	f.Fuzz(func(t *testing.T, page string, after uint64) {
		h, err := ReadOutgoing([]byte(page), after)
		if err != nil {
			return
		}
		text, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ReadOutgoing(text, after); err != nil {
			t.Errorf("our own page is refused: %v: %s", err, text)
		}
	})
}

// TestTransferRequests: what of a request is looked at before anything else.
func TestTransferRequests(t *testing.T) {
	good := TransferRequest{
		RequestUID: HashCode{1}, Amount: mustAmount(t, "CHF:1"), ExchangeBaseURL: "https://e/", WTID: ShortHash{1}, CreditAccount: somePayto,
	}
	for name, c := range map[string]struct {
		change func(*TransferRequest)
		reason fault.Reason
	}{
		"good":             {func(*TransferRequest) {}, ""},
		"metadata":         {func(r *TransferRequest) { r.Metadata = strings.Repeat("aZ0-.:", 6) + "abcd" }, ""},
		"more metadata":    {func(r *TransferRequest) { r.Metadata = strings.Repeat("a", 41) }, ReasonJSONInvalid},
		"other metadata":   {func(r *TransferRequest) { r.Metadata = "a_b" }, ReasonJSONInvalid},
		"no uid":           {func(r *TransferRequest) { r.RequestUID = HashCode{} }, ReasonJSONInvalid},
		"no amount":        {func(r *TransferRequest) { r.Amount = Amount{} }, ReasonJSONInvalid},
		"no wtid":          {func(r *TransferRequest) { r.WTID = ShortHash{} }, ReasonJSONInvalid},
		"no account":       {func(r *TransferRequest) { r.CreditAccount = "" }, ReasonJSONInvalid},
		"no exchange":      {func(r *TransferRequest) { r.ExchangeBaseURL = "" }, ReasonJSONInvalid},
		"a long exchange":  {func(r *TransferRequest) { r.ExchangeBaseURL = "https://e/" + strings.Repeat("x", 2000) }, ReasonJSONInvalid},
		"another scheme":   {func(r *TransferRequest) { r.ExchangeBaseURL = "ftp://e/" }, ReasonJSONInvalid},
		"another currency": {func(r *TransferRequest) { r.Amount.Currency = "EUR" }, ReasonCurrencyMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			r := good
			c.change(&r)
			if err := r.Check("CHF"); fault.ReasonOf(err) != c.reason {
				t.Errorf("%v", err)
			}
		})
	}
}
