package taler

import (
	"strings"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// termsText is the text of terms in the character set that the exchange names, or in UTF-8 if it names none.
// Western texts of old that are said to be UTF-8, or nothing, are read as what they are: a person who cannot read
// terms can withdraw nothing.
func termsText(body []byte, kind, charset string) (string, error) {
	if !strings.HasPrefix(kind, "text/") {
		if utf8.Valid(body) { // whatever it is called, it can be read
			return string(body), nil
		}
		return "", malformed(fault.New(fault.Invalid, "its terms are %.40q, not text", kind))
	}
	switch charset = strings.ToLower(charset); charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		if utf8.Valid(body) {
			return string(body), nil
		}
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
	default:
		return "", malformed(fault.New(fault.Invalid, "its terms are in the character set %.40q, which nobody reads here", charset))
	}
	var out strings.Builder
	out.Grow(len(body) + len(body)/8)
	for _, b := range body {
		if b >= 0x80 && b < 0xa0 {
			out.WriteRune(windows1252[b-0x80])
		} else {
			out.WriteRune(rune(b))
		}
	}
	return out.String(), nil
}

// windows1252 are the characters from 0x80 to 0x9f, where it differs from Latin 1. What calls itself Latin 1 means
// them, too, as browsers read it.
var windows1252 = [32]rune{
	'€', utf8.RuneError, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', utf8.RuneError, 'Ž', utf8.RuneError,
	utf8.RuneError, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', utf8.RuneError, 'ž', 'Ÿ',
}
