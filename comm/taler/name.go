package taler

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// CheckName refuses a member that names something and cannot: names become keys,
// by which equal ones are found. No control character is in one, and nothing that
// a decoder has put in place of what it could not read: two different names would
// become the same.
func CheckName(member, name string) error {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		return fault.New(fault.Invalid, "the member %q has characters that no name has", member).
			Because(ReasonJSONInvalid).WithHint("use printable characters")
	}
	return nil
}

// named is the text of a member that names something.
type named struct{ member, name string }

func checkNames(all ...named) error {
	for _, n := range all {
		if err := CheckName(n.member, n.name); err != nil {
			return err
		}
	}
	return nil
}
