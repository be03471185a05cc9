package till

import (
	"regexp"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// onward finds, in a hint, a command by which a person at the terminal goes on with a
// withdrawal, with the words that lead to it.
var onward = regexp.MustCompile(`(\x60terminal serve\x60 goes on with it, or )?(go on with )?\x60terminal resume [^\x60]*\x60`)

// listed is the command by which a person looks for a withdrawal that there is.
const listed = "`terminal operation list` shows"

// advised is a fault with a hint for till software: where a person would type a command to go on, or
// to see what there is, the software sends a request. Other commands stay, for the people who run the
// terminal.
func advised(f *fault.Fault, needs string) *fault.Fault {
	if f != nil && strings.Contains(f.Hint, listed) {
		f = f.WithHint("%s", strings.Replace(f.Hint, listed, "GET /withdrawals lists", 1))
	}
	if f == nil || !onward.MatchString(f.Hint) {
		return f
	}
	by := "POST …/resume goes on"
	if needs == needsPayment {
		by = "POST …/pay pays"
	}
	return f.WithHint("%s", strings.TrimSpace(onward.ReplaceAllLiteralString(f.Hint, by)))
}
