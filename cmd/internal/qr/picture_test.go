package qr_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/qr"
)

const shown = "taler://withdraw/bank.example.com/taler-integration/0123456789ABCDEFGHJKMNPQRSTVWXYZ0123456789ABCDEFGHJK?external-confirmation=1"

// A wallet reads what the pictures say.
func TestPicturesSayWhatWasDrawn(t *testing.T) {
	picture, err := qr.PNG(shown)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := qr.Read(bytes.NewReader(picture)); err != nil || got != shown {
		t.Errorf("the PNG says %q, %v", got, err)
	}
	drawn, err := qr.SVG(shown)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := qr.Read(bytes.NewReader(painted(t, drawn))); err != nil || got != shown {
		t.Errorf("the SVG says %q, %v", got, err)
	}
	for _, f := range []func(string) ([]byte, error){qr.SVG, qr.PNG} {
		if _, err := f(strings.Repeat("x", 4000)); err == nil {
			t.Error("a text that is too long is drawn")
		}
	}
}

// painted paints the rows of an SVG that are dark.
func painted(t *testing.T, drawn []byte) []byte {
	t.Helper()
	if err := xml.Unmarshal(drawn, new(struct{ XMLName xml.Name })); err != nil {
		t.Fatal(err)
	}
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const scale = 4
	side := number(regexp.MustCompile(`viewBox="0 0 (\d+)`).FindStringSubmatch(string(drawn))[1])
	p := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	for n := range p.Pix {
		p.Pix[n] = 0xff
	}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1`).FindAllStringSubmatch(string(drawn), -1) {
		for y := range scale {
			for x := range scale * number(m[3]) {
				p.Set(number(m[1])*scale+x, number(m[2])*scale+y, color.Black)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
