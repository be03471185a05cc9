package onetime

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// A card of which a provider has no key, or a short one, would be everybody's: anybody makes a MAC
// under a key of nothing.
func TestNobodySignsUnderNoKey(t *testing.T) {
	a := Authorisation{Account: "a", Counter: 1, Merchant: "M", Amount: instrument.Amount{Currency: "CHF", Value: 1}, Reference: "R", Payer: "P"}
	a.MAC = a.mac(Key{})
	if a.Verify(Key{}) {
		t.Error("it is taken for the card's")
	}
	for _, n := range []int{0, 1, KeySize - 1, KeySize + 1} {
		if _, err := NewKey(make([]byte, n)); fault.ReasonOf(err) != ReasonCardMalformed {
			t.Errorf("a key of %d bytes: %v", n, err)
		}
	}
	key, err := NewKey(make([]byte, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	if a.MAC = a.mac(key); !a.Verify(key) {
		t.Error("the card's own is not taken")
	}
	a.Counter = 0 // which no provider could hold against a second use
	if a.MAC = a.mac(key); a.Verify(key) {
		t.Error("one without a counter is taken")
	}
}

func TestLastDigitsAreDigits(t *testing.T) {
	for text, are := range map[string]bool{"4242": true, "0909": true, "42 2": false, "4/42": false, "424:": false, "424": false, "42424": false, "": false} {
		if isLast4(text) != are {
			t.Errorf("%q", text)
		}
	}
}
