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

// Foreign is a fault as a peer has sent it, made fit for this process: people
// will read its texts, so they are cut and lose what could move a terminal's
// cursor or turn the reading order; and no word of this process's own passes: what
// a peer says of its person or its command line is said of the peer. Where it does
// not know something and gives no advice, people are sent to it: no list here helps them.
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

// theirs is a reason that a process says of itself, of a peer: "usage" is a matter of
// their command line, and of ours is only what this process has said; so is what was restored.
// That a plugin has failed is no less so where it was the peer's.
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

// Line makes a text of others one line that a terminal only shows: nothing in it
// moves the cursor, changes colours or titles, or turns the reading order.
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
