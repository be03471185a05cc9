package instrument

import (
	"strconv"
	"strings"
	"testing"
)

// TestAnAmountIsSpelledOneWay compares text and JSON with the spelling put together piece by piece, also of
// what is no sum.
func TestAnAmountIsSpelledOneWay(t *testing.T) {
	for _, currency := range []string{"", "CHF", "ABCDEFGHIJK", strings.Repeat("X", 100)} {
		for _, value := range []uint64{0, 1, 10, MaxValue, 1<<64 - 1} {
			for _, fraction := range []uint32{0, 1, 10, 5e7, FractionBase - 1, FractionBase, 1<<32 - 1} {
				a := Amount{currency, value, fraction}
				want := currency + ":" + strconv.FormatUint(value, 10)
				if fraction > 0 {
					want += "." + strings.TrimRight(strconv.FormatUint(uint64(fraction)+FractionBase, 10)[1:], "0")
				}
				text, err := a.MarshalText()
				if a == (Amount{}) {
					want = ":0"
					text = append(text, want...)
				}
				if a.String() != want || string(text) != want || err != nil {
					t.Errorf("%s, %s, %v: wanted %s", a, text, err, want)
				}
			}
		}
	}
}
