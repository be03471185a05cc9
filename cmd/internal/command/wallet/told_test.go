package wallet

import (
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// TestAnyStateIsListed: one that a plugin keeps without members must not hide all
// other instruments.
func TestAnyStateIsListed(t *testing.T) {
	info := instrument.Info{Fields: []instrument.Field{{Name: "worth"}, {Name: "code", Secret: true}}}
	for state, want := range map[string]string{
		`{"worth":"CHF:5","code":"SUMMER","more":1}`: `{"worth":"CHF:5"}`,
		`{"worth":[1]}`:             `{"worth":[1]}`,
		`{"code":"A"}`:              `{}`,
		`"a text"`:                  `{}`,
		`["worth"]`:                 `{}`,
		`7`:                         `{}`,
		`null`:                      `{}`,
		`{"worth":"a","worth":"b"}`: `{"worth":"b"}`,
	} {
		if got, err := json.Marshal(told(info, json.RawMessage(state))); err != nil || string(got) != want {
			t.Errorf("%s is told as %s, %v", state, got, err)
		}
	}
}
