package wallet

import (
	"regexp"
	"strings"
)

// locale is the name of one as POSIX has it, up to encoding and variant.
var locale = regexp.MustCompile(`^([a-z]{2,3})(?:_([A-Z]{2}))?(?:[.@].*)?$`)

// languages are those that a person reads, by the locale of their surroundings, in
// the words of an Accept-Language; English stands behind all others, for what is
// not there in theirs. Nothing is said of the locale C.
func languages(environ func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value := environ(name)
		if value == "" {
			continue
		}
		found := locale.FindStringSubmatch(value)
		if found == nil {
			return ""
		}
		var out []string
		language, region := found[1], found[2]
		if region != "" {
			out = append(out, language+"-"+region, language+";q=0.9")
		} else {
			out = append(out, language)
		}
		if language != "en" {
			out = append(out, "en;q=0.5")
		}
		return strings.Join(out, ", ")
	}
	return ""
}
