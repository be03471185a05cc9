package fault_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// What a peer sends ends up before a person's eyes, in a terminal.
func TestTheTextsOfAPeerCannotMoveTheScreen(t *testing.T) {
	for _, row := range []struct{ name, said, shown string }{
		{"as it should be", "the card was declined", "the card was declined"},
		{"other alphabets", "Guthaben für Zürich: 5 €, 口座", "Guthaben für Zürich: 5 €, 口座"},
		{"lines become one", "first\nsecond\tthird", "first second third"},
		{"clearing the screen", "\x1b[2J\x1b[Hpaid", "[2J[Hpaid"},
		{"one-byte control sequence", "\u009b31mred", "31mred"},
		{"overwriting the line", "declined\rpaid    ", "declinedpaid    "},
		{"erasing backwards", "not paid\b\b\b\b\b\b\b\bpaid", "not paidpaid"},
		{"turning the reading order", "pay \u202e05.1 FHC\u202c", "pay 05.1 FHC"},
		{"isolates", "\u2066abc\u2069", "abc"},
		{"nothing that can be seen", "a\u200bb\ufeffc\u00adu", "abcu"},
		{"the end of a C string", "ab\x00cd", "abcd"},
		{"nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fault.New(fault.Declined, "%s", row.said).WithHint("%s", row.said).Foreign()
			if got.Message != row.shown || got.Hint != row.shown {
				t.Errorf("message %q, hint %q", got.Message, got.Hint)
			}
		})
	}
}

func TestTheTextsOfAPeerHaveAnEnd(t *testing.T) {
	for _, row := range []struct {
		name, said string
		want       int // characters
	}{
		{"as long as allowed", strings.Repeat("x", 1000), 1000},
		{"one more", strings.Repeat("x", 1001), 1001}, // the last one says that it was cut
		{"a megabyte", strings.Repeat("x", 1<<20), 1001},
		{"characters, not bytes", strings.Repeat("口", 1000), 1000},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := fault.New(fault.Declined, "%s", row.said).Foreign().Message
			if n := utf8.RuneCountInString(got); n != row.want || !utf8.ValidString(got) {
				t.Errorf("%d characters", n)
			}
			if cut := strings.HasSuffix(got, "…"); cut != (len([]rune(row.said)) > 1000) {
				t.Errorf("cut: %v", cut)
			}
		})
	}
}

// Tables hang on reasons, and scripts read them.
func TestTheReasonOfAPeerIsOneWord(t *testing.T) {
	for _, row := range []struct {
		name       string
		said, want fault.Reason
	}{
		{"ours", "reserve-taken", "reserve-taken"},
		{"of Taler", "BANK_UNKNOWN", ""},
		{"of Taler in small letters", "bank_unknown_2", "bank_unknown_2"},
		{"a sentence", "reserve taken", ""},
		{"a control character", "reserve\x1btaken", ""},
		{"another alphabet", "réserve", ""},
		{"as long as allowed", fault.Reason(strings.Repeat("a", 64)), fault.Reason(strings.Repeat("a", 64))},
		{"too long", fault.Reason(strings.Repeat("a", 65)), ""},
		{"none", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := fault.New(fault.Declined, "no").Because(row.said).Foreign().Reason; got != row.want {
				t.Errorf("reason %q", got)
			}
		})
	}
}

// A peer may not speak as if it were this process.
func TestTheKindOfAPeerIsOneThatCrosses(t *testing.T) {
	for k := range fault.Kind(20) {
		want := k
		switch {
		case k == fault.Suspended:
			want = fault.Unavailable
		case k == 0, k > fault.Suspended:
			want = fault.Internal
		}
		f := fault.Fault{Kind: k, Message: "no"}
		if got := f.Foreign().Kind; got != want {
			t.Errorf("%v becomes %v", k, got)
		}
	}
}

func TestWhatIsForeignHasNoCauseAndChangesNothing(t *testing.T) {
	cause := errors.New("inner")
	f := fault.Wrap(cause, fault.Declined, "no\nway").Because("Word!")
	got := f.Foreign()
	if errors.Is(got, cause) || strings.Contains(got.Error(), "inner") {
		t.Errorf("the cause is kept: %v", got)
	}
	if f.Message != "no\nway" || f.Reason != "Word!" || !errors.Is(f, cause) {
		t.Errorf("the original was changed: %#v", f)
	}
}

func TestAFaultIsItsKindAndItsReason(t *testing.T) {
	f := fault.New(fault.Conflict, "taken").Because("reserve-taken")
	for _, row := range []struct {
		name   string
		target error
		want   bool
	}{
		{"its kind", fault.Conflict, true},
		{"another kind", fault.Denied, false},
		{"the same in other words", fault.New(fault.Conflict, "another wallet has it").Because("reserve-taken"), true},
		{"another reason", fault.New(fault.Conflict, "taken").Because("login-taken"), false},
		{"no reason", fault.New(fault.Conflict, "taken"), false},
		{"the reason of another kind", fault.New(fault.Denied, "taken").Because("reserve-taken"), false},
		{"another sort of error", errors.New("taken"), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := errors.Is(f, row.target); got != row.want {
				t.Errorf("is it? %v", got)
			}
		})
	}
}

func TestBecauseAndWithHintLeaveTheFaultAsItWas(t *testing.T) {
	first := fault.New(fault.NotFound, "no %s here", "card")
	second := first.Because("card-missing").WithHint("add one with %q", "instrument add")
	if first.Reason != "" || first.Hint != "" {
		t.Errorf("a fault that others may hold was changed: %#v", first)
	}
	if second.Message != "no card here" || second.Reason != "card-missing" || second.Hint != `add one with "instrument add"` {
		t.Errorf("%#v", second)
	}
}

func TestTheLogOfThisProcessSeesTheCause(t *testing.T) {
	if got := fault.Wrap(errors.New("disk full"), fault.Internal, "it cannot be stored").Error(); got != "it cannot be stored: disk full" {
		t.Errorf("%q", got)
	}
	if got := fault.New(fault.Internal, "it cannot be stored").Error(); got != "it cannot be stored" {
		t.Errorf("%q", got)
	}
}

func TestABareKindIsAnError(t *testing.T) {
	if f := fault.From(fault.Locked); f.Kind != fault.Locked || f.Message != "locked" || fault.ReasonOf(fault.Locked) != "" {
		t.Errorf("%#v", f)
	}
	for _, k := range []fault.Kind{0, 14, 255} {
		if word := k.String(); !strings.HasPrefix(word, "kind-") || fault.ParseKind(word) != fault.Internal {
			t.Errorf("%d is called %q", uint8(k), word)
		}
	}
	if fault.ParseKind("") != fault.Internal {
		t.Error("no word is a kind")
	}
}

func FuzzForeign(f *testing.F) {
	f.Add(uint8(6), "ticket-used", "no", "try again")
	f.Add(uint8(13), "A\x1b", "\x1b[2J\xff\xfe", "\u202e")
	f.Fuzz(func(t *testing.T, kind uint8, reason, message, hint string) {
		said := fault.Fault{Kind: fault.Kind(kind), Reason: fault.Reason(reason), Message: message, Hint: hint}
		got := said.Foreign()
		if got.Kind < fault.Invalid || got.Kind >= fault.Suspended || len(got.Reason) > 64 {
			t.Errorf("%#v", got)
		}
		for _, text := range []string{string(got.Reason), got.Message, got.Hint} {
			if strings.ContainsFunc(text, unicode.IsControl) || utf8.RuneCountInString(text) > 1001 {
				t.Errorf("%q", text)
			}
		}
		if again := got.Foreign(); again.Kind != got.Kind || again.Reason != got.Reason {
			t.Errorf("a second border changes it: %#v", again)
		}
	})
}

// What is said here by this process alone nobody else can say.
func TestReasonsThatArePeersOwn(t *testing.T) {
	for _, own := range []fault.Reason{"usage", "input-needed", "no-person", "question-over", "restored-unchecked"} {
		if got := fault.New(fault.Denied, "no").Because(own).Foreign().Reason; got != own+"-there" {
			t.Errorf("%s is taken over as %s", own, got)
		}
	}
}
