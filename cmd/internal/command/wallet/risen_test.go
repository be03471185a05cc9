package wallet

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// Fees that have risen are shown beside those that were agreed to, and nobody but --yes
// says yes for a person who is not there.
func TestFeesThatHaveRisenAreShown(t *testing.T) {
	for _, row := range []struct {
		agreed uint64
		yes    bool
		says   string
	}{
		{1, false, "takes CHF:2 for the coins now, and not CHF:1, to which you have agreed\n  1 coin: 1 × CHF:10"},
		{0, true, "takes CHF:2 for the coins now, and not nothing, to which"},
	} {
		var said bytes.Buffer
		agreed := instrument.Amount{Currency: "CHF", Value: row.agreed}
		p := &person{env: &cli.Env{Out: io.Discard, Err: &said}, yes: row.yes}
		yes, err := p.Agree(t.Context(), client.Preview{
			Exchange: "https://x.example/", Amount: instrument.Amount{Currency: "CHF", Value: 20}, Fees: instrument.Amount{Currency: "CHF", Value: 2}, Coins: 1,
			Kinds: []taler.PreviewCoins{{Value: instrument.Amount{Currency: "CHF", Value: 10}, Count: 1}}, Agreed: &agreed, Arrived: true,
		})
		if yes != row.yes || (err == nil) != row.yes || !strings.Contains(said.String(), row.says) {
			t.Errorf("%t, %v, and a person reads %q", yes, err, said.String())
		}
		if !row.yes && fault.ReasonOf(err) != "input-needed" {
			t.Errorf("asked of nobody: %v", err)
		}
	}
}
