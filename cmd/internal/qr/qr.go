// Package qr draws QR codes on a terminal, two modules a character, with the
// quiet zone of four modules without which cameras do not find a code
// (ISO/IEC 18004, 6.3.8).
package qr

import "strings"

// Quiet is how many light modules are around a code.
const Quiet = 4

// Draw draws a text. With colour the code is dark on light whatever the terminal
// looks like; without, it is right on a terminal with a dark background, which
// scanners read on a light one as well, inverted.
func Draw(text string, colour bool) (string, error) {
	code, err := encode(text)
	if err != nil {
		return "", err
	}
	light := func(x, y int) bool { return y >= code.Size || !code.Black(x, y) } // outside is light, below the last row too
	var out strings.Builder
	for y := -Quiet; y < code.Size+Quiet; y += 2 {
		if colour {
			out.WriteString("\x1b[97;40m")
		}
		for x := -Quiet; x < code.Size+Quiet; x++ {
			out.WriteString(half(light(x, y), light(x, y+1)))
		}
		if colour {
			out.WriteString("\x1b[0m")
		}
		out.WriteByte('\n')
	}
	return out.String(), nil
}

// half is the character whose upper and lower half are light or dark.
func half(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
