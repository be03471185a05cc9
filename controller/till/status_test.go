package till_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/till"
)

// The page for those who write till software has each status that they can get, and
// no other.
func TestThePageHasEveryStatus(t *testing.T) {
	said := map[string]bool{}
	for k := fault.Invalid; k <= fault.Suspended; k++ {
		said[fmt.Sprint(till.StatusOf(fault.New(k, "x")))] = true
	}
	said[fmt.Sprint(till.ShutWith())] = true
	for _, reason := range []fault.Reason{"method-unknown", "body-too-large"} {
		said[fmt.Sprint(till.StatusOf(fault.New(fault.Invalid, "x").Because(reason)))] = true
	}
	text, err := os.ReadFile("../../docs/till.md")
	check(t, err)
	written := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([45]\d\d) \|`).FindAllStringSubmatch(string(text), -1) {
		written[m[1]] = true
	}
	if !maps.Equal(said, written) {
		t.Errorf("the page has %v, the API says %v", slices.Sorted(maps.Keys(written)), slices.Sorted(maps.Keys(said)))
	}
}

// What passes is to be asked again, and is not over: who gets 409 for a beginning
// begins another one.
func TestWhatPassesIsAskedAgain(t *testing.T) {
	for _, k := range []fault.Kind{fault.Unavailable, fault.Timeout, fault.Unknown, fault.Locked} {
		if status := till.StatusOf(fault.New(k, "x")); status != 503 {
			t.Errorf("%s is %d", k, status)
		}
	}
}
