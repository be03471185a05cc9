package qr_test

import (
	"strings"
	"testing"

	"rsc.io/qr/coding"

	"github.com/swaperoo/swaperoo/cmd/internal/qr"
	"github.com/swaperoo/swaperoo/comm/fault"
)

const uri = "taler://withdraw/bank.example/taler-integration/0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJKMNPQRSTV"

// TestWhatIsDrawnReadsAsTheText reads the drawing as a scanner does: modules,
// mask, order of the bits, length, bytes.
func TestWhatIsDrawnReadsAsTheText(t *testing.T) {
	for _, row := range []struct {
		name, text string
		colour     bool
	}{
		{"a withdrawal", uri, false},
		{"a withdrawal in colour", uri, true},
		{"over http, short", "taler+http://withdraw/127.0.0.1:1/x", true},
		{"much", strings.Repeat("a", 300), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			drawn, err := qr.Draw(row.text, row.colour)
			if err != nil {
				t.Fatal(err)
			}
			if colour := strings.Contains(drawn, "\x1b["); colour != row.colour {
				t.Errorf("colour is %v", colour)
			}
			if got := read(t, modules(t, drawn)); got != row.text {
				t.Errorf("it reads %q", got)
			}
		})
	}
}

func TestATextThatIsTooLongIsRefused(t *testing.T) {
	if _, err := qr.Draw(strings.Repeat("a", 4000), false); fault.ReasonOf(err) != "qr-too-long" {
		t.Errorf("error = %v", err)
	}
}

// modules reads a drawing: true is dark. It checks the quiet zone and takes it
// off.
func modules(t *testing.T, drawn string) [][]bool {
	t.Helper()
	plain := strings.NewReplacer("\x1b[97;40m", "", "\x1b[0m", "").Replace(drawn)
	var all [][]bool
	for line := range strings.Lines(plain) {
		var upper, lower []bool
		for _, c := range strings.TrimSuffix(line, "\n") {
			upper = append(upper, c == '▄' || c == ' ')
			lower = append(lower, c == '▀' || c == ' ')
		}
		all = append(all, upper, lower)
	}
	width := len(all[0])
	size := width - 2*qr.Quiet
	if len(all) < width || len(all) > width+1 {
		t.Fatalf("%d rows of %d modules", len(all), width)
	}
	var code [][]bool
	for y, row := range all {
		for x, dark := range row {
			inside := x >= qr.Quiet && x < qr.Quiet+size && y >= qr.Quiet && y < qr.Quiet+size
			if dark && !inside {
				t.Fatalf("the quiet zone is dark at %d, %d", x, y)
			}
		}
		if y >= qr.Quiet && y < qr.Quiet+size {
			code = append(code, row[qr.Quiet:qr.Quiet+size])
		}
	}
	return code
}

// read decodes the modules by the plan of their version. There is one mask.
func read(t *testing.T, code [][]bool) string {
	t.Helper()
	version := coding.Version((len(code) - 17) / 4)
	plan, err := coding.NewPlan(version, coding.M, 0)
	if err != nil {
		t.Fatal(err)
	}
	bits := make([]byte, 8*(plan.DataBytes+plan.CheckBytes))
	for y, row := range plan.Pixel {
		for x, p := range row {
			dark := code[y][x]
			switch p.Role() {
			case coding.Data, coding.Check:
				if dark != (p&coding.Invert != 0) {
					bits[p.Offset()] = 1
				}
			case coding.Position, coding.Alignment, coding.Timing, coding.Format, coding.PVersion:
				if dark != (p&coding.Black != 0) {
					t.Fatalf("a fixed module is wrong at %d, %d", x, y)
				}
			}
		}
	}
	take := func(n int) (v int) {
		for _, b := range bits[:n] {
			v = v<<1 | int(b)
		}
		bits = bits[n:]
		return v
	}
	if mode := take(4); mode != 4 {
		t.Fatalf("mode %d, not bytes", mode)
	}
	lengthBits := 8
	if version > 9 {
		lengthBits = 16
	}
	text := make([]byte, take(lengthBits))
	for i := range text {
		text[i] = byte(take(8))
	}
	return string(text)
}
