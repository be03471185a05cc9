package controller

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
	"github.com/swaperoo/swaperoo/protocol"
)

func fullOffer(t testing.TB) offerJSON {
	return plaintest.Full[offerJSON](t, func(f reflect.Value) bool {
		switch f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 11, 26, 9, 8, 7, 0, time.UTC)))
		case instrument.Invoice:
			f.Set(reflect.ValueOf(instrument.Invoice{"sale": "5", "a": ""}))
		default:
			return false
		}
		return true
	})
}

func checkOffer(t *testing.T, text []byte) (read bool) {
	t.Helper()
	plaintest.Read(t, func() offerJSON { return fullOffer(t) }, text)
	return plaintest.Read(t, func() (o offerJSON) { return o }, text)
}

// TestAnOfferIsReadAsReflectionReads: a member that is added to offers and not read is found here.
func TestAnOfferIsReadAsReflectionReads(t *testing.T) {
	full := fullOffer(t)
	for name, o := range map[string]offerJSON{"all": full, "nothing": {Transcript: []byte{}}, "an empty invoice": {Transcript: []byte{}, Invoice: instrument.Invoice{}}} {
		text, err := json.Marshal(o)
		if err != nil || !checkOffer(t, text) {
			t.Errorf("%s was left to reflection: %s, %v", name, text, err)
		}
	}
	for _, text := range []string{
		`{}`, `{"invoice":{"a":1}}`, `{"invoice":{"a":null}}`, `{"invoice":{"a":"b"},"invoice":{"c":"d"}}`, `{"invoice":{"a":"b","a":"c"}}`, `{"invoice":nul}`, `{"transcript":null}`,
		`{"until":"tomorrow"}`, `{"terms":null}`, `{"terms":{"price":"CHF"}}`, `{"new":1}`,
	} {
		checkOffer(t, []byte(text))
	}
}

func FuzzOffer(f *testing.F) {
	text, err := json.Marshal(fullOffer(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"invoice":null,"terms":{"text":"2 %"}}`))
	f.Fuzz(func(t *testing.T, text []byte) { checkOffer(t, text) })
}

// TestWhatIsSignedOfAPaymentIsWhatItWas: signatures of earlier versions verify.
func TestWhatIsSignedOfAPaymentIsWhatItWas(t *testing.T) {
	for _, o := range []comm.Offer{{}, {Body: []byte("{\"id\":\"\x00%d\"}")}} {
		p := comm.Payer{Counter: 1<<64 - 1, Expiry: time.Unix(-5, 7)}
		want := fmt.Sprintf("swaperoo payer 1\x00%d\x00%s\x00%s\x00%s\x00%s\x00%d\x00%d", len(o.Body), o.Body, "op", "prepaid.signed", "PAY", p.Counter, p.Expiry.Unix())
		if got := PayerText(o, "op", "prepaid.signed", "PAY", p); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
		want = fmt.Sprintf("swaperoo receipt 1\x00%d\x00%s\x00%s\x00%s", len(o.Body), o.Body, "op", "{}")
		if got := receiptText(o, "op", []byte("{}")); string(got) != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestARequestKeepsNoFrame: an operation that waits keeps its request, of which a peer may make as long a frame as it
// likes.
func TestARequestKeepsNoFrame(t *testing.T) {
	document := `{"op":"5","call":{"protocol":"p","operation":"PAY","class":"c","args":{"a":1}},"msgs":[{"n":1,"body":{"b":2}}],"have":0}`
	var e protocol.Asked
	if !e.ReadJSON([]byte(document)) {
		t.Fatal("it was not read")
	}
	within := func(text string) bool {
		at := uintptr(unsafe.Pointer(unsafe.StringData(text)))
		begin := uintptr(unsafe.Pointer(unsafe.StringData(e.Op))) - uintptr(len(`{"op":"`))
		return at >= begin && at < begin+uintptr(len(document))
	}
	if !within(e.Call.Class) {
		t.Fatal("texts are no parts of one document any more, so this shows nothing")
	}
	own := ofItsOwn(e)
	for _, text := range []string{
		own.Op, own.Call.Protocol, own.Call.Operation, own.Call.Class, unsafe.String(&own.Call.Args[0], len(own.Call.Args)), unsafe.String(&own.Msgs[0].Body[0], len(own.Msgs[0].Body)),
	} {
		if text == "" || within(text) {
			t.Errorf("%q is a part of its document", text)
		}
	}
}
