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

// When a reserve is closed is not read, so in whatever way an exchange says it, or says that it
// does not, the money in the reserve is there.
func TestWhenAReserveIsClosedIsNotRead(t *testing.T) {
	for _, said := range []string{`{"t_s":1800000000}`, `{"t_s":"never"}`, `null`, `1800000000`} {
		body := `{"balance":"KUDOS:25","last_origin":null,"maximum_age_group":null,"reserve_expiration":` + said + `}`
		got, err := arrived(taler.Reserve{Amount: sum("KUDOS:25")}, protocol.Response{Status: 200, Body: []byte(body)})
		if err != nil || !got.Exists || got.Balance != sum("KUDOS:25") {
			t.Errorf("%s: %+v, %v", said, got, err)
		}
	}
}
