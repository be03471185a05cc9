package bench

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// TestFiguresAreOneObject, as every command's JSON is, with the median of the rounds.
func TestFiguresAreOneObject(t *testing.T) {
	var out bytes.Buffer
	e := cli.New()
	e.Out, e.JSON = &out, true
	round := func(v float64) []result { return []result{{what: "payments", value: v, unit: "/s"}} }
	if err := show(e, [][]result{round(3), round(1), round(2)}); err != nil {
		t.Fatal(err)
	}
	var told struct{ Figures []figure }
	if err := json.Unmarshal(out.Bytes(), &told); err != nil || len(told.Figures) != 1 || told.Figures[0].Median != 2 || told.Figures[0].Most != 3 {
		t.Errorf("%s: %v", out.String(), err)
	}
}
