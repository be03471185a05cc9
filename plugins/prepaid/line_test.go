package prepaid

import (
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// The paper's own example of get-Preferred-Protocol.
func TestWhichProtocolTheClassPrefers(t *testing.T) {
	both := []string{plainID, signedID}
	for _, row := range []struct {
		name         string
		protocols    []string
		connectivity string
		amount       string
		likes        []string
		want         string
	}{
		{"a docked device pays little", both, "serial-clear", "CHF:2", nil, plainID},
		{"the same in one process", both, "inproc", "CHF:5", nil, plainID},
		{"whatever stands first", []string{signedID, plainID}, "inproc", "CHF:5", nil, plainID},
		{"it pays more", both, "serial-clear", "CHF:5.01", nil, signedID},
		{"over a network", both, "wss", "CHF:2", nil, signedID},
		{"over a line that nobody called clear", both, "serial", "CHF:2", nil, signedID},
		{"over nothing known", both, "", "CHF:2", nil, signedID},
		{"the user likes signatures", both, "serial-clear", "CHF:2", []string{signedID}, signedID},
		{"the user likes none, on a clear line", both, "serial-clear", "CHF:2", []string{plainID, signedID}, plainID},
		{"the user likes none, on another", both, "wss", "CHF:2", []string{plainID}, signedID},
		{"the user likes none, for more", both, "inproc", "CHF:50", []string{plainID}, signedID},
		{"the user likes something else", both, "inproc", "CHF:2", []string{"card.pay"}, plainID},
		{"there is only the plain one, on a clear line", []string{plainID}, "inproc", "CHF:2", nil, plainID},
		{"there is only the plain one, elsewhere", []string{plainID}, "wss", "CHF:2", nil, ""},
		{"there is only the signed one", []string{signedID}, "inproc", "CHF:2", nil, signedID},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := purseClass.Prefer(row.protocols, instrument.Circumstances{Connectivity: row.connectivity, Amount: sum(row.amount), Preferences: row.likes})
			if got != row.want || (err != nil) != (row.want == "") {
				t.Errorf("prefers %q, %v; want %q", got, err, row.want)
			}
		})
	}
}
