package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"

	"rsc.io/qr/coding"

	"github.com/swaperoo/swaperoo/comm/fault"
)

const (
	maxFile = 16 << 20
	maxSide = 8192 // pixels
)

// Read reads the QR code in a PNG picture: a screenshot or a saved code, upright
// and whole, dark on light or inverted. A photograph, where the code is turned or
// bent, is not read. The error is fault.Invalid.
func Read(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil || len(data) > maxFile {
		return "", unreadable("it cannot be read, or is larger than %d MiB", maxFile>>20)
	}
	c, err := png.DecodeConfig(bytes.NewReader(data)) // before room is made for it
	if err != nil || c.Width > maxSide || c.Height > maxSide {
		return "", unreadable("it is no PNG, or larger than %d by %d", maxSide, maxSide)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return "", unreadable("it is no whole PNG")
	}
	for _, inverted := range []bool{false, true} {
		for _, code := range find(newBitmap(picture, inverted)) {
			if text, ok := decode(code); ok {
				return text, nil
			}
		}
	}
	return "", unreadable("there is no QR code in it that can be read").WithHint("use a screenshot or the saved picture of the code, not a photograph")
}

// bitmap is a picture in dark and light.
type bitmap struct {
	width, height int
	dark          []bool
}

func (b bitmap) at(x, y int) bool {
	return x >= 0 && y >= 0 && x < b.width && y < b.height && b.dark[y*b.width+x]
}

// newBitmap cuts in the middle between the darkest and the lightest pixel.
func newBitmap(p image.Image, inverted bool) bitmap {
	r := p.Bounds()
	b := bitmap{width: r.Dx(), height: r.Dy(), dark: make([]bool, r.Dx()*r.Dy())}
	grey := make([]uint8, len(b.dark))
	least, most := uint8(255), uint8(0)
	for y := range b.height {
		for x := range b.width {
			g := onWhite(p.At(r.Min.X+x, r.Min.Y+y))
			grey[y*b.width+x] = g
			least, most = min(least, g), max(most, g)
		}
	}
	middle := least/2 + most/2
	for n, g := range grey {
		b.dark[n] = (g <= middle) != inverted
	}
	return b
}

// onWhite is the brightness of a colour; what is transparent is white.
func onWhite(c color.Color) uint8 {
	r, g, b, a := c.RGBA()
	return uint8(((299*r+587*g+114*b)/1000 + (0xffff - a)) >> 8)
}

// decode reads the modules of a code: the mask and level whose fixed modules are
// there, and data whose check bytes are right. Nothing is corrected: a picture on
// this machine is whole.
func decode(code [][]bool) (string, bool) {
	version := coding.Version((len(code) - 17) / 4)
	for level := coding.L; level <= coding.H; level++ {
		for mask := range coding.Mask(8) {
			plan, err := coding.NewPlan(version, level, mask)
			if err != nil {
				return "", false
			}
			data, ok := sort(plan, code)
			if !ok {
				continue
			}
			if text, ok := read(data, version); ok {
				return text, true
			}
		}
	}
	return "", false
}

// sort puts the modules of a code into the order of its bytes.
func sort(plan *coding.Plan, code [][]bool) (data []byte, ok bool) {
	all := make([]byte, plan.DataBytes+plan.CheckBytes)
	for y, row := range plan.Pixel {
		for x, p := range row {
			dark := code[y][x]
			switch p.Role() {
			case coding.Data, coding.Check:
				if o := p.Offset(); dark != (p&coding.Invert != 0) {
					all[o/8] |= 1 << (7 - o%8)
				}
			case coding.Position, coding.Alignment, coding.Timing, coding.Format, coding.PVersion:
				if dark != (p&coding.Black != 0) {
					return nil, false
				}
			}
		}
	}
	var again coding.Bits
	again.Append(all[:plan.DataBytes:plan.DataBytes])
	again.AddCheckBytes(plan.Version, plan.Level)
	return all[:plan.DataBytes], bytes.Equal(again.Bytes(), all)
}

func unreadable(format string, args ...any) *fault.Fault {
	return fault.New(fault.Invalid, "this picture is not taken: "+format, args...).Because("qr-unreadable")
}
