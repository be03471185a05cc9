package fault

import "strings"

// maxQuoted is how many bytes of foreign text a message quotes.
const maxQuoted = 40

// Clip shortens foreign text that a message quotes, at the end of a letter.
func Clip(text string) string {
	if len(text) <= maxQuoted {
		return text
	}
	return strings.ToValidUTF8(text[:maxQuoted], "") + "…"
}
