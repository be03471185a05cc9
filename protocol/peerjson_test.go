package protocol

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument/plain/plaintest"
)

func fullAsked(t testing.TB) Asked { return plaintest.Full[Asked](t, special, "Proofs") }
func fullTold(t testing.TB) Told   { return plaintest.Full[Told](t, special, "Fault") }

func TestEveryMemberOfWhatCrossesIsReadAndWrittenWithoutReflection(t *testing.T) {
	plaintest.Whole(t, fullAsked(t))
	plaintest.Whole(t, fullTold(t))
}

func TestWhatCrossesIsWhatReflectionWrites(t *testing.T) {
	for _, e := range []Asked{
		{},
		fullAsked(t),
		{Op: "<"},
		{Msgs: []comm.Message{{Body: json.RawMessage(`null`)}}},
		{Msgs: []comm.Message{{N: 1, Body: json.RawMessage(` { "a" : "<" } `)}}},
		{Msgs: []comm.Message{{}}},
		{Msgs: []comm.Message{}, Ended: []string{}},
		{Call: comm.Call{Offer: &comm.Offer{}, Payer: &comm.Payer{}}},
		{Call: comm.Call{Offer: &comm.Offer{Body: []byte{}}, Payer: payerWithProofs()}},
		{Call: comm.Call{Args: json.RawMessage(`[1]`)}},
		{Call: comm.Call{Replay: -1}},
	} {
		checkAsked(t, plaintest.Written(t, e))
	}
	for _, e := range []Told{
		{}, fullTold(t), {Fault: &fault.Fault{Kind: fault.Declined, Message: "no"}}, {Result: json.RawMessage(`"text"`)}, {Result: json.RawMessage(`{"a":"\n"}`), Again: true},
	} {
		checkTold(t, plaintest.Written(t, e))
	}
}

func TestWhatIsThereAlreadyIsLeftToReflection(t *testing.T) {
	for _, text := range []string{
		`{"call":{"offer":{"body":"AA=="}}}`, `{"call":{"offer":{"body":"AA=="},"offer":{"signature":"AA=="}}}`, `{"call":{"payer":{"counter":1},"payer":{"expiry":"2026-11-26T09:08:07Z"}}}`,
		`{"msgs":[{"n":1}],"msgs":[{"body":{}}]}`, `{"ended":["a"],"ended":["b"]}`, `{"call":{"replay":5000000000}}`, `{"call":{"deadline":"2026-11-26"}}`, `{"call":{"deadline":""}}`,
		`{"call":{"args":{"a":1},"args":{}}}`,
	} {
		checkAsked(t, []byte(text))
	}
	checkTold(t, []byte(`{"msgs":[{"n":1}],"result":{"a":1},"result":{}}`))
}

func checkAsked(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (e Asked) { return e }, text)
	plaintest.Read(t, func() Asked { return fullAsked(t) }, text)
}

func checkTold(t *testing.T, text []byte) {
	t.Helper()
	plaintest.Read(t, func() (e Told) { return e }, text)
	plaintest.Read(t, func() Told { return fullTold(t) }, text)
}

func FuzzWhatCrosses(f *testing.F) {
	f.Add(plaintest.Written(f, fullAsked(f)))
	f.Add(plaintest.Written(f, fullTold(f)))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkAsked(t, text)
		checkTold(t, text)
		var e Asked
		if json.Unmarshal(text, &e) == nil {
			plaintest.Written(t, e)
		}
		var told Told
		if json.Unmarshal(text, &told) == nil {
			plaintest.Written(t, told)
		}
	})
}
