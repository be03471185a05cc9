package qr

import (
	"fmt"
	"strings"

	"rsc.io/qr"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// pixels are how wide a module of a PNG is.
const pixels = 8

func encode(text string) (*qr.Code, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "a text of %d bytes is too long for a QR code", len(text)).Because("qr-too-long")
	}
	return code, nil
}

// SVG draws a text as a picture of any size, one unit a module, dark on light.
func SVG(text string) ([]byte, error) {
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	side := code.Size + 2*Quiet
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&out, "M%d %dh%dv1h-%dz", from+Quiet, y+Quiet, x-from, x-from)
			}
		}
	}
	out.WriteString(`"/></svg>` + "\n")
	return []byte(out.String()), nil
}

// PNG draws a text as a picture in black and white.
func PNG(text string) ([]byte, error) {
	code, err := encode(text)
	if err != nil {
		return nil, err
	}
	code.Scale = pixels
	return code.PNG(), nil
}
