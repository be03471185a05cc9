package taler

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

// A proxy without a server says nothing about a reserve, and the exchange is asked again. What an
// exchange refuses itself is its word.
func TestWhoHasNotFoundAReserve(t *testing.T) {
	for body, want := range map[string]fault.Kind{
		"<html>no such page</html>": fault.Unavailable,
		"":                          fault.Unavailable,
		`{"error":"no route"}`:      fault.Unavailable,
		`{"code":21}`:               fault.NotFound, // no such endpoint
		`{"code":1000}`:             fault.NotFound,
	} {
		got, err := arrived(taler.Reserve{Amount: sum("KUDOS:25")}, protocol.Response{Status: 404, Body: []byte(body)})
		if fault.KindOf(err) != want || got.Exists {
			t.Errorf("%q: %v", body, err)
		}
	}
}
