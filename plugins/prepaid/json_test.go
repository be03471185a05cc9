package prepaid

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

// A member that is added to a type and not to its reader or writer is found here.
func TestEveryMemberIsReadAndWrittenWithoutReflection(t *testing.T) {
	plaintest.Whole(t, plaintest.Full[purse](t, nil))
	plaintest.Whole(t, plaintest.Full[ledger](t, nil))
	plaintest.Whole(t, plaintest.Full[payment](t, nil, "Refunds"))
	plaintest.Whole(t, plaintest.Full[receipt](t, nil))
	plaintest.Whole(t, plaintest.Full[transfer](t, nil))
	if _, written := plaintest.Full[signedOrder](t, nil).AppendJSON(nil); !written {
		t.Error("an order was not written")
	}
}

func TestWhatIsWrittenIsWhatReflectionWrites(t *testing.T) {
	odd := instrument.Amount{Currency: `"<`, Value: 1, Fraction: 10}
	nothing := instrument.ZeroOf("CHF")
	for _, p := range []purse{{}, plaintest.Full[purse](t, nil), {Vendor: `Zoë's "bar" & <grill>`, Open: []intent{}, Signed: odd, Balance: nothing}, {Open: []intent{{}}, Last: &receipt{}}} {
		checkPurseText(t, plaintest.Written(t, p))
	}
	for _, l := range []ledger{{}, plaintest.Full[ledger](t, nil), {Holder: "\xff", Spent: odd}, {Proof: &proof{}}, {marks: marks{Holes: []uint64{}}}, newLedger("a", "CHF", "h", key{"k"})} {
		checkLedgerText(t, plaintest.Written(t, l))
	}
	for _, p := range []payment{{}, plaintest.Full[payment](t, nil), plaintest.Full[payment](t, nil, "Refunds"), {Returned: sdk.Returned{Refunds: []sdk.Refund{{}}}}, {Time: -1}} {
		checkPaymentText(t, plaintest.Written(t, p))
	}
	for _, r := range []receipt{{}, plaintest.Full[receipt](t, nil), {Amount: nothing, Signature: []byte{}}, {Key: "<", Payment: "\u2028"}, {Statement: statement{Time: -5}}} {
		checkReceiptText(t, plaintest.Written(t, r))
	}
	for _, m := range []transfer{{}, plaintest.Full[transfer](t, nil), {Account: "ä", Amount: odd}} {
		checkTransferText(t, plaintest.Written(t, m))
	}
}

// What a signature covers has one spelling, from the first version on.
func TestWhatIsSignedIsWhatReflectionWrites(t *testing.T) {
	for _, o := range []order{{}, plaintest.Full[order](t, nil), {Account: `<"ä`, Offer: "\xff", Amount: instrument.Amount{Currency: `\`, Value: 1}}} {
		want, err := json.Marshal(o)
		got, unwritten := o.text()
		if err != nil || unwritten != nil || string(got) != "swaperoo prepaid payment 1\x00"+string(want) {
			t.Errorf("%v %v\n%q\n%q", err, unwritten, got, want)
		}
	}
	for _, r := range []receipt{{}, plaintest.Full[receipt](t, nil), {Key: `<"ä`}} {
		got, unwritten := r.text()
		r.Signature = nil
		want, err := json.Marshal(r)
		if err != nil || unwritten != nil || string(got) != "swaperoo prepaid receipt 1\x00"+string(want) {
			t.Errorf("%v %v\n%q\n%q", err, unwritten, got, want)
		}
	}
	q := query{"account", "operation"}
	if got, err := q.text(opBalance); err != nil || string(got) != "swaperoo prepaid balance 1\x00"+`{"account":"account","operation":"operation"}` {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatIsThereAlreadyIsLeftToReflection(t *testing.T) {
	for _, text := range []string{
		`{"open":[{"counter":1}]}`, `{"last":{"counter":1}}`, `{"statement":{"holes":[1]}}`, `{"open":[{"counter":1}],"open":[{"amount":"CHF:1"}]}`, `{"last":{"key":"a"},"last":{"counter":1}}`,
	} {
		checkPurseText(t, []byte(text))
	}
	for _, text := range []string{`{"proof":{"counter":1}}`, `{"holes":[1]}`, `{"proof":{"counter":1},"proof":{"offer":"a"}}`} {
		checkLedgerText(t, []byte(text))
		checkReceiptText(t, []byte(text))
	}
}

// The check functions read into what is empty and into what is not.

func checkPurseText(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (p purse) { return p }, text)
	plaintest.Read(t, func() purse { return plaintest.Full[purse](t, nil) }, text)
}

func checkLedgerText(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (l ledger) { return l }, text)
	plaintest.Read(t, func() ledger { return plaintest.Full[ledger](t, nil) }, text)
}

func checkPaymentText(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (p payment) { return p }, text)
	plaintest.Read(t, func() payment { return plaintest.Full[payment](t, nil) }, text)
}

func checkReceiptText(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (r receipt) { return r }, text)
	plaintest.Read(t, func() receipt { return plaintest.Full[receipt](t, nil) }, text)
}

func checkTransferText(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (m transfer) { return m }, text)
	plaintest.Read(t, func() transfer { return plaintest.Full[transfer](t, nil) }, text)
}

func FuzzDocuments(f *testing.F) {
	f.Add(plaintest.Written(f, plaintest.Full[purse](f, nil)))
	f.Add(plaintest.Written(f, plaintest.Full[ledger](f, nil)))
	f.Add(plaintest.Written(f, plaintest.Full[payment](f, nil, "Refunds")))
	f.Add(plaintest.Written(f, plaintest.Full[receipt](f, nil)))
	f.Add(plaintest.Written(f, plaintest.Full[transfer](f, nil)))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkPurseText(t, text)
		checkLedgerText(t, text)
		checkPaymentText(t, text)
		checkReceiptText(t, text)
		checkTransferText(t, text)
		written[purse](t, text)
		written[ledger](t, text)
		written[payment](t, text)
		written[receipt](t, text)
		written[transfer](t, text)
	})
}

// written writes again what a text says, whoever reads it.
func written[T any](t *testing.T, text []byte) {
	var v T
	if instrument.ReadJSON(text, &v) == nil {
		plaintest.Written(t, v)
	}
}
