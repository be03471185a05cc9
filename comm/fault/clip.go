package fault

import "strings"

// maxQuoted is how many bytes of foreign text a message quotes.
const maxQuoted = 40

// Clip shortens foreign text that a message quotes.
func Clip(text string) string { return ClipTo(text, maxQuoted) }

// ClipTo shortens a text to at most that many bytes and an ellipsis. It cuts no letter in half.
func ClipTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
