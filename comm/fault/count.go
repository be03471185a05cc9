package fault

import "strconv"

// Count is a number of things as a sentence has it: "no coins", "1 coin", "2 coins". thing is
// the word for one, whose plural ends with s.
func Count(n int, thing string) string {
	switch n {
	case 0:
		return "no " + thing + "s"
	case 1:
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
