package taler

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	base32 "github.com/swaperoo/swaperoo/crypto/taler"
)

// awkward texts have to come through as they were written.
var awkward = []string{
	"", "plain", `"row_id":0,`, `\"row_id\":0,`, `,"row_id":0,"date":`, "<script>&", "Zoë \u2028 ☕", "\x00\t\n", `{"row_id":0,}`, "\\",
}

// TestAKeptPageIsItsDocument: a page that is copied together has the very bytes of
// one that was read and written again.
func TestAKeptPageIsItsDocument(t *testing.T) {
	var in IncomingHistory
	var out OutgoingHistory
	var rowsIn, rowsOut []KeptRow
	for n, text := range awkward {
		number := []uint64{1, 9, 10, 1 << 40, 1<<63 - 1}[n%5] + uint64(n/5) //nolint:gosec // small
		some := IncomingTransaction{
			Type: []string{TypeReserve, TypeKYCAuth, TypeWAD}[n%3], Date: Timestamp(1_700_000_000 + n),
			Amount: Amount{Currency: "CHF", Value: uint64(n), Fraction: 50_000_000}, DebitAccount: Payto("payto://x/1?receiver-name=" + text), //nolint:gosec // small
		}
		switch some.Type {
		case TypeReserve:
			some.ReservePub = EddsaPublicKey{byte(n + 1)}
		case TypeKYCAuth:
			some.AccountPub, some.CreditFee = EddsaPublicKey{byte(n + 1)}, Amount{Currency: "CHF", Value: 1}
		case TypeWAD:
			some.OriginExchangeURL, some.WADID = "https://e.example/?"+text, base32.Encode(make([]byte, wadIDSize))
		}
		rowsIn = append(rowsIn, KeptRow{number, kept(t, some)})
		some.RowID = number
		in.IncomingTransactions = append(in.IncomingTransactions, some)

		other := OutgoingTransaction{
			Date: some.Date, Amount: some.Amount, DebitFee: some.CreditFee, CreditAccount: some.DebitAccount,
			WTID: ShortHash{byte(n)}, ExchangeBaseURL: "https://e.example/", Metadata: text,
		}
		rowsOut = append(rowsOut, KeptRow{number, kept(t, other)})
		other.RowID = number
		out.OutgoingTransactions = append(out.OutgoingTransactions, other)
	}
	in.CreditAccount, out.DebitAccount = "payto://iban/CH9300762011623852957?receiver-name=E&x=<", "payto://iban/DE75512108001245126199"
	for n := range rowsIn {
		one, two := in, out
		one.IncomingTransactions, two.OutgoingTransactions = in.IncomingTransactions[:n+1], out.OutgoingTransactions[:n+1]
		page, err := IncomingPage(in.CreditAccount, rowsIn[:n+1])
		same(t, page, err, one)
		page, err = OutgoingPage(out.DebitAccount, rowsOut[:n+1])
		same(t, page, err, two)
	}
}

func kept(t *testing.T, row any) []byte {
	t.Helper()
	text, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func same(t *testing.T, page []byte, err error, document any) {
	t.Helper()
	if want := kept(t, document); err != nil || string(page) != string(want) {
		t.Errorf("%v\n%s\nwant\n%s", err, page, want)
	}
}

// TestARowWithoutAPlaceForItsNumber is none that was written for a history.
func TestARowWithoutAPlaceForItsNumber(t *testing.T) {
	good := kept(t, OutgoingTransaction{})
	for name, text := range map[string]string{
		"nothing":         "",
		"no number":       strings.Replace(string(good), `"row_id":0,`, ``, 1),
		"numbered":        strings.Replace(string(good), `"row_id":0,`, `"row_id":7,`, 1),
		"another form":    strings.Replace(string(good), `"row_id":0,`, `"row_id": 0,`, 1),
		"only in a value": `{"metadata":"\"row_id\":0,"}`,
	} {
		t.Run(name, func(t *testing.T) {
			rows := []KeptRow{{1, good}, {2, []byte(text)}}
			for _, of := range []func(Payto, []KeptRow) ([]byte, error){IncomingPage, OutgoingPage} {
				if page, err := of("payto://x/1", rows); page != nil || !errors.Is(err, fault.Internal) {
					t.Errorf("%s, %v", page, err)
				}
			}
		})
	}
}
