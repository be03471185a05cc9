package qr

import (
	"strings"
	"unicode/utf8"

	"rsc.io/qr/coding"
)

// The modes in which a code holds text (ISO/IEC 18004, 7.4.1).
const (
	modeEnd     = 0
	modeDigits  = 1
	modeLetters = 2
	modeBytes   = 4
	modeECI     = 7 // which alphabet the bytes are of
)

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// bits are read from the front; short is set when they did not suffice.
type bits struct {
	data  []byte
	at    int
	short bool
}

func (b *bits) take(n int) (v int) {
	for range n {
		if b.at >= 8*len(b.data) {
			b.short = true
			return 0
		}
		v = v<<1 | int(b.data[b.at/8]>>(7-b.at%8)&1)
		b.at++
	}
	return v
}

// read reads the text of a code from its data.
func read(data []byte, version coding.Version) (string, bool) {
	b := &bits{data: data}
	var out strings.Builder
	for !b.short && 8*len(data)-b.at >= 4 {
		mode := b.take(4)
		if mode == modeEnd {
			break
		}
		if mode == modeECI {
			if b.take(8) > 127 { // one byte names all alphabets that are in use
				return "", false
			}
			continue
		}
		width := lengths(mode, version)
		if width == 0 {
			return "", false
		}
		segment(&out, b, mode, b.take(width))
	}
	text := out.String()
	return text, !b.short && text != "" && utf8.ValidString(text)
}

// lengths is how many bits say how long a segment is; 0 for a mode that is not
// known.
func lengths(mode int, version coding.Version) int {
	class := 0
	switch {
	case version > 26:
		class = 2
	case version > 9:
		class = 1
	}
	return map[int][3]int{modeDigits: {10, 12, 14}, modeLetters: {9, 11, 13}, modeBytes: {8, 16, 16}}[mode][class]
}

func segment(out *strings.Builder, b *bits, mode, n int) {
	for n > 0 && !b.short {
		switch mode {
		case modeBytes:
			out.WriteByte(byte(b.take(8)))
			n--
		case modeLetters:
			if n == 1 {
				letter(out, b, b.take(6))
				return
			}
			pair := b.take(11)
			letter(out, b, pair/len(letters))
			letter(out, b, pair%len(letters))
			n -= 2
		default:
			k := min(n, 3)
			digits(out, b, b.take([4]int{0, 4, 7, 10}[k]), k)
			n -= k
		}
	}
}

func letter(out *strings.Builder, b *bits, n int) {
	if n >= len(letters) {
		b.short = true // no such letter: the code is none
		return
	}
	out.WriteByte(letters[n])
}

func digits(out *strings.Builder, b *bits, n, k int) {
	group := []byte("000")[:k]
	for i := k - 1; i >= 0; i-- {
		group[i] += byte(n % 10)
		n /= 10
	}
	b.short = b.short || n > 0
	out.Write(group)
}
