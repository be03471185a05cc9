package wallet

import (
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// words splits a step at its blanks. What stands between double quotes, at the
// beginning of a word or of a value, is one word with its blanks: "Corner shop",
// what="lunch for two".
func words(step string) ([]string, error) {
	var out []string
	for rest := strings.TrimSpace(step); rest != ""; rest = strings.TrimSpace(rest) {
		end := strings.IndexFunc(rest, unicode.IsSpace)
		if end < 0 {
			end = len(rest)
		}
		open := strings.IndexByte(rest[:end], '"')
		if open != 0 && (open < 1 || rest[open-1] != '=') {
			out, rest = append(out, rest[:end]), rest[end:]
			continue
		}
		quoted, after, closed := strings.Cut(rest[open+1:], `"`)
		if !closed || after != "" && strings.TrimLeftFunc(after, unicode.IsSpace) == after {
			return nil, cli.Argument(fault.New(fault.Invalid, "the quotes do not close behind a word: %s", step).Because("argument-malformed").
				WithHint(`such as "Corner shop" or what="lunch for two"`))
		}
		out, rest = append(out, rest[:open]+quoted), after
	}
	return out, nil
}
