package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestKindSurvivesWrapping(t *testing.T) {
	err := fmt.Errorf("select: %w", fault.New(fault.Conflict, "taken").Because("reserve-taken"))
	if !errors.Is(err, fault.Conflict) {
		t.Error("wrapped fault is not its kind any more")
	}
	if errors.Is(err, fault.Declined) {
		t.Error("fault is another kind as well")
	}
	if got := fault.ReasonOf(err); got != "reserve-taken" {
		t.Errorf("reason = %q", got)
	}
}

func TestOnlyFaultTextCrossesABorder(t *testing.T) {
	cause := errors.New("open /secret/path: permission denied")
	for name, err := range map[string]error{
		"plain error":  cause,
		"wrapped":      fmt.Errorf("load: %w", cause),
		"fault around": fault.Wrap(cause, fault.Internal, "the key file cannot be read"),
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(fault.From(err))
			if err != nil {
				t.Fatal(err)
			}
			var back fault.Fault
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			if back.Kind != fault.Internal {
				t.Errorf("kind = %v", back.Kind)
			}
			if errors.Unwrap(&back) != nil || containsPath(string(text)) {
				t.Errorf("the cause crossed: %s", text)
			}
		})
	}
}

func containsPath(s string) bool {
	for i := range len(s) - 6 {
		if s[i:i+7] == "/secret" {
			return true
		}
	}
	return false
}

func TestEveryKindHasAWordThatReadsBack(t *testing.T) {
	for k := fault.Invalid; k <= fault.Suspended; k++ {
		if got := fault.ParseKind(k.String()); got != k {
			t.Errorf("%d reads back as %d", k, got)
		}
	}
	if got := fault.ParseKind("from-the-future"); got != fault.Internal {
		t.Errorf("unknown word is %v", got)
	}
}

func TestAnEndedContextIsATimeout(t *testing.T) {
	if got := fault.From(fmt.Errorf("read: %w", context.Canceled)); got.Kind != fault.Timeout || strings.Contains(got.Message, "time") {
		t.Errorf("what was broken off is told as %v: %s", got.Kind, got.Message)
	}
	if got := fault.KindOf(fmt.Errorf("read: %w", context.DeadlineExceeded)); got != fault.Timeout {
		t.Errorf("kind = %v", got)
	}
	if fault.From(nil) != nil || fault.KindOf(nil) != 0 {
		t.Error("nil is a fault")
	}
}

func TestWhatIsQuotedIsShortAndWhole(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"reserve":                     "reserve",
		strings.Repeat("a", 40):       strings.Repeat("a", 40),
		strings.Repeat("a", 41):       strings.Repeat("a", 40) + "…",
		strings.Repeat("a", 39) + "é": strings.Repeat("a", 39) + "…", // the letter does not fit
	} {
		if got := fault.Clip(text); got != want {
			t.Errorf("%q is quoted as %q, not %q", text, got, want)
		}
	}
}

func TestWhatSaysThatNothingHappened(t *testing.T) {
	says := []fault.Kind{
		fault.Invalid, fault.Denied, fault.NotFound, fault.Conflict, fault.Declined, fault.Unsupported, fault.Unavailable, fault.Timeout,
	}
	for k := fault.Invalid; k <= fault.Suspended; k++ {
		if got := fault.NothingHappened(fmt.Errorf("pay: %w", fault.New(k, "no"))); got != slices.Contains(says, k) {
			t.Errorf("%s says that nothing happened: %t", k, got)
		}
	}
	if fault.NothingHappened(nil) || fault.NothingHappened(errors.New("a defect")) {
		t.Error("an end that is good, or not known, says that nothing happened")
	}
}
