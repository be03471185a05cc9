package commtest

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm"
)

// BenchmarkCall measures one request and its answer, of about the size of a
// payment's, over a connection whose servicer is Echo.
func BenchmarkCall(b *testing.B, c comm.Conn) {
	in := comm.Execute{
		Op:   "0123456789abcdef0123456789abcdef",
		Call: comm.Call{Protocol: "card.pay", Operation: "PAY", Class: "payment-card", Offer: &comm.Offer{Body: make([]byte, 300), Signature: make([]byte, 64)}},
		Msgs: []comm.Message{{N: 1, Body: []byte(`{"reference":"A1B2C3","amount":"CHF:20"}`)}},
	}
	b.ReportAllocs()
	for b.Loop() {
		var out comm.Execute
		if err := c.Call(b.Context(), comm.MethodExecute, in, &out); err != nil {
			b.Fatal(err)
		}
	}
}
