package fault

import (
	"strings"
	"unicode"
)

// The longest texts that are taken from a peer, in characters.
const (
	maxReason = 64
	maxText   = 1000
)

// Foreign is a fault as a peer has sent it, made fit for this process. People will read its
// texts, so they are shortened and lose what could move a terminal's cursor or turn the reading
// order. A reason that would speak of this process's own person or command line is changed to one
// that speaks of the peer's ("no-person-there"). If the peer does not know something and gives no
// hint, the hint is to ask the peer: lists that are kept here would not help.
func (f *Fault) Foreign() *Fault {
	k := f.Kind
	switch {
	case k == Suspended:
		k = Unavailable
	case k == 0 || k > Suspended:
		k = Internal
	}
	got := &Fault{Kind: k, Reason: theirs(word(f.Reason)), Message: plain(f.Message), Hint: plain(f.Hint)}
	if got.Hint == "" && (k == NotFound || got.Reason == "class-unknown") {
		got.Hint = "whoever was asked does not know it: ask them what they have"
	}
	return got
}

// theirs marks those reasons of a peer by which this process would speak of itself: "usage" means
// our own command line only if this process has said it, and "restored-unchecked" our own backup.
// That a plugin has failed needs no mark: it is as true of the peer's.
func theirs(r Reason) Reason {
	switch r {
	case "usage", "input-needed", "no-person", "question-over", "restored-unchecked":
		return r + "-there"
	}
	return r
}

// word takes a reason as ours are: small letters, digits, hyphens, and the
// underscores of Taler's names.
func word(r Reason) Reason {
	odd := strings.ContainsFunc(string(r), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
	if odd || len(r) > maxReason {
		return ""
	}
	return r
}

func plain(text string) string {
	text = Line(text)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}

// Line makes one line of a foreign text, which a terminal can only show: nothing in it moves the
// cursor, changes colours or titles, or turns the reading order.
func Line(text string) string {
	return Lines(strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' {
			return ' '
		}
		return c
	}, text))
}

// Lines is Line for a text of several lines, such as terms of service.
func Lines(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.C, c) && c != '\n' && c != '\t' { // control and format characters
			return -1
		}
		return c
	}, text)
}
