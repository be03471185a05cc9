package api_test

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
)

// spelled is the name of a change as README.md spells it.
func spelled(texts ...string) (name api.Allowed) {
	var all strings.Builder
	for _, text := range texts {
		all.Write([]byte{0, 0, 0, byte(len(text))})
		all.WriteString(text)
	}
	return sha256.Sum256([]byte(all.String()))
}

func TestTheNameOfAChange(t *testing.T) {
	is := instrument.Instance{
		ID: "7", Class: "coupon", Owner: "me", Name: "ten", Status: "new", Version: 3,
		Keys: map[string]string{"serial": "1", "batch": "x"}, State: json.RawMessage(`{}`),
	}
	made := []string{"i", "7", "coupon", "me", "ten", "new", `{}`, "batch", "x", "serial", "1", "2"}
	if got := api.NameAllowed(comm.Vendor, nil, &is); got != spelled(append([]string{"vendor", ""}, made...)...) {
		t.Error("the name of a creation")
	}
	if got := api.NameAllowed(comm.Vendor, &is, &is); got != spelled(append(append([]string{"vendor"}, made...), made...)...) {
		t.Error("the name of a change")
	}
}

func TestEveryPartOfAChangeIsInItsName(t *testing.T) {
	var was, is instrument.Instance
	seen := map[api.Allowed]string{api.NameAllowed(comm.Bank, &was, &is): "nothing"}
	seen[api.NameAllowed(comm.Client, &was, &is)] = "role"
	seen[api.NameAllowed(comm.Bank, nil, &is)] = "creation"
	for part, change := range map[string]func(*instrument.Instance){
		"id":        func(i *instrument.Instance) { i.ID = "x" },
		"class":     func(i *instrument.Instance) { i.Class = "x" },
		"owner":     func(i *instrument.Instance) { i.Owner = "x" },
		"name":      func(i *instrument.Instance) { i.Name = "x" },
		"status":    func(i *instrument.Instance) { i.Status = "x" },
		"state":     func(i *instrument.Instance) { i.State = json.RawMessage(`"x"`) },
		"key":       func(i *instrument.Instance) { i.Keys = map[string]string{"x": "y"} },
		"other key": func(i *instrument.Instance) { i.Keys = map[string]string{"y": "x"} },
	} {
		changed := is
		change(&changed)
		for when, name := range map[string]api.Allowed{
			" before": api.NameAllowed(comm.Bank, &changed, &is), " after": api.NameAllowed(comm.Bank, &was, &changed),
		} {
			if other, taken := seen[name]; taken {
				t.Errorf("%s%s has the name of %s", part, when, other)
			}
			seen[name] = part + when
		}
	}
}
