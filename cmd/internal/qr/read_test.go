package qr_test

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"

	maker "rsc.io/qr"

	"github.com/swaperoo/swaperoo/cmd/internal/qr"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// shot is a screenshot with a code at a place in it, each module so many pixels.
type shot struct {
	text          string
	level         maker.Level
	module        float64
	x, y          int
	width, height int
	light, dark   color.Color
	clutter       bool
}

func (s shot) png(t testing.TB) []byte {
	t.Helper()
	code, err := maker.Encode(s.text, s.level)
	if err != nil {
		t.Fatal(err)
	}
	p := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	draw.Draw(p, p.Bounds(), image.NewUniform(s.light), image.Point{}, draw.Src)
	side := int(float64(code.Size) * s.module)
	for y := range side {
		for x := range side {
			if code.Black(int(float64(x)/s.module), int(float64(y)/s.module)) {
				p.Set(s.x+x, s.y+y, s.dark)
			}
		}
	}
	if s.clutter {
		for n := range 12 { // windows and lines around it
			draw.Draw(p, image.Rect(5+9*n, 5, 8+9*n, 20), image.NewUniform(s.dark), image.Point{}, draw.Src)
		}
		draw.Draw(p, image.Rect(0, s.height-9, s.width, s.height-6), image.NewUniform(s.dark), image.Point{}, draw.Src)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPicturesOfACode(t *testing.T) {
	black, white := color.Black, color.White
	for name, s := range map[string]shot{
		"as saved":            {uri, maker.M, 4, 16, 16, 260, 260, white, black, false},
		"one pixel a module":  {uri, maker.M, 1, 4, 4, 70, 70, white, black, false},
		"on a screen":         {uri, maker.M, 6, 220, 140, 800, 600, white, black, true},
		"scaled":              {uri, maker.L, 3.7, 33, 41, 400, 400, white, black, true},
		"on a dark terminal":  {uri, maker.H, 5, 60, 60, 600, 600, color.Gray{20}, color.Gray{230}, false},
		"grey":                {uri, maker.Q, 4, 40, 40, 400, 400, color.Gray{200}, color.Gray{90}, false},
		"in capital letters":  {strings.ToUpper("taler://withdraw/bank.example/0123"), maker.M, 4, 20, 20, 300, 300, white, black, false},
		"digits":              {"1234567890123", maker.M, 4, 20, 20, 200, 200, white, black, false},
		"a version above six": {strings.Repeat("taler ", 60), maker.M, 3, 20, 20, 400, 400, white, black, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := qr.Read(bytes.NewReader(s.png(t)))
			if err != nil || got != s.text {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

func TestPicturesThatAreNotTaken(t *testing.T) {
	whole := shot{uri, maker.M, 4, 16, 16, 260, 260, color.White, color.Black, false}
	covered := whole.png(t)
	p, err := png.Decode(bytes.NewReader(covered))
	if err != nil {
		t.Fatal(err)
	}
	hidden := p.(*image.RGBA)
	draw.Draw(hidden, image.Rect(100, 100, 140, 140), image.NewUniform(color.White), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, hidden); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "no picture": []byte("taler://withdraw/"), "half a picture": covered[:len(covered)/2], "partly covered": out.Bytes(),
		"a blank one": shot{"x", maker.M, 4, 500, 500, 100, 100, color.White, color.Black, false}.png(t),
	} {
		if got, err := qr.Read(bytes.NewReader(data)); fault.ReasonOf(err) != "qr-unreadable" {
			t.Errorf("%s: read %q, %v", name, got, err)
		}
	}
}

// TestAPictureFullOfStripes is a trap: every other line has a square's
// proportions all along. What is counted is the looks along a line, of which each makes room once
// or more.
func TestAPictureFullOfStripes(t *testing.T) {
	const side = 1024
	p := image.NewGray(image.Rect(0, 0, side, side))
	for n := range p.Pix {
		if x := n % 8; x == 1 || x == 5 || x == 7 || n/side%2 == 1 {
			p.Pix[n] = 0xff
		}
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, p); err != nil {
		t.Fatal(err)
	}
	looks := testing.AllocsPerRun(1, func() {
		if text, err := qr.Read(bytes.NewReader(picture.Bytes())); err == nil {
			t.Errorf("read %q", text)
		}
	})
	if most := float64(40 * side); looks > most {
		t.Errorf("%.0f looks for %d lines of two pictures", looks, 2*side)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(shot{"taler://withdraw/b/1", maker.L, 2, 8, 8, 80, 80, color.White, color.Black, true}.png(f))
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := qr.Read(bytes.NewReader(data))
		if err == nil && text == "" {
			t.Error("a code without text was read")
		}
	})
}
