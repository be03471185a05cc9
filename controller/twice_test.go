package controller

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestMembersThatAreThereTwice: what encoding/json takes for one member is found as one.
func TestMembersThatAreThereTwice(t *testing.T) {
	for text, want := range map[string]string{
		`{"payment":"a"}`:                              "",
		`{"payment":"a","amount":"b"}`:                 "",
		`{"payment":{"payment":1},"amount":[{"a":1}]}`: "",
		`{}`: "", `null`: "", `[1,1]`: "", `"payment"`: "", ``: "", `{`: "", `{"a":1,"a"`: "a",
		`{"payment":"a","payment":"b"}`:          "payment",
		`{"payment":"a","Payment":"b"}`:          "Payment",
		`{"PAYMENT":"a","amount":1,"payment":2}`: "payment",
		`{"payment":"a","p\u0061yment":"b"}`:     "payment",
		`{"key":1,"` + "\u212aey" + `":2}`:       "\u212aey", // the Kelvin sign
		`{"s":1,"` + "\u017f" + `":2}`:           "\u017f",   // the long s
	} {
		if name, twice := memberTwice([]byte(text)); name != want || twice != (want != "") {
			t.Errorf("%s: %q, %v", text, name, twice)
		}
	}
}

func FuzzMemberTwice(f *testing.F) {
	f.Add("payment", "PAYMENT")
	f.Add("\u017f", "S")
	f.Fuzz(func(t *testing.T, a, b string) {
		name, _ := json.Marshal(a)
		other, _ := json.Marshal(b)
		text := `{` + string(name) + `:1,` + string(other) + `:2}`
		var x, y string
		_, _ = json.Unmarshal(name, &x), json.Unmarshal(other, &y)
		if _, twice := memberTwice([]byte(text)); twice != strings.EqualFold(x, y) {
			t.Errorf("%s: %v", text, twice)
		}
	})
}
