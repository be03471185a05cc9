package cli_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// nasty is what an exchange's terms of service, a bank's addresses or a vendor's
// name may hold.
const nasty = "first\x1b[2J\x1b]0;title\a\rsecond\u009b31m\u202eCHF\u202c\x7f\x00third"

func TestNothingOfAStrangerReachesTheTerminalAsAnOrder(t *testing.T) {
	for name, show := range map[string]func(*cli.Env){
		"text":    func(e *cli.Env) { _ = e.Print(nil, "%s\n", nasty) },
		"message": func(e *cli.Env) { e.Say("%s", nasty) },
		"table":   func(e *cli.Env) { _ = e.Table(nil, []string{"A"}, [][]string{{nasty, "b"}}) },
		"failure": func(e *cli.Env) { e.Fail(fault.New(fault.Denied, "%s", nasty).WithHint("%s", nasty)) },
	} {
		e, out, messages := env(false)
		show(e)
		said := out.String() + messages.String()
		if !strings.Contains(said, "first[2J]0;titlesecond31mCHFthird") || obeyed(said) {
			t.Errorf("%s: %q", name, said)
		}
	}
	e, out, _ := env(false)
	if err := e.Print(nil, "1. a\n\tb\n"); err != nil || out.String() != "1. a\n\tb\n" {
		t.Errorf("the lines of a text: %q, %v", out, err)
	}
}

// TestARowIsALine whatever is in its cells, and a failure too.
func TestARowIsALine(t *testing.T) {
	e, out, messages := env(false)
	if err := e.Table(nil, []string{"A", "B"}, [][]string{{"a\nforged\tok", "b"}}); err != nil || out.String() != "a forged ok\tb\n" {
		t.Errorf("%q, %v", out, err)
	}
	e.Fail(fault.New(fault.Denied, "refused\nswaperoo: all is well").WithHint("ask"))
	if messages.String() != "swaperoo: refused swaperoo: all is well — ask\n" {
		t.Errorf("%q", messages)
	}
}

func TestAPictureIsDrawnAsItIs(t *testing.T) {
	e, _, messages := env(false)
	if e.Picture("\x1b[97;40m█\x1b[0m\n"); messages.String() != "\x1b[97;40m█\x1b[0m\n" {
		t.Errorf("%q", messages)
	}
}

// obeyed reports whether a terminal would do more with a text than show it.
func obeyed(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return unicode.Is(unicode.C, c) && c != '\n' && c != '\t' })
}

// FuzzOutput: whatever a stranger says is shown and not obeyed, and JSON means
// what was said.
func FuzzOutput(f *testing.F) {
	for _, seed := range []string{nasty, "", "Zürich, 口座, 👩‍👩‍👧", "\x9b31m", "\xff\xfe", "\U000e0041", "a\nb\tc", "%s%n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		e, out, messages := env(false)
		_ = e.Print(nil, "%s\n", said)
		e.Say("%s", said)
		_ = e.Table(nil, nil, [][]string{{said}})
		e.Fail(fault.New(fault.Denied, "%s", said))
		if obeyed(out.String()) || obeyed(messages.String()) {
			t.Errorf("%q and %q", out, messages)
		}
		e, out, _ = env(true)
		if err := e.Print(map[string]string{"said": said}, ""); err != nil || obeyed(out.String()) || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
			t.Fatalf("%q, %v", out, err)
		}
		var got map[string]string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["said"] != strings.ToValidUTF8(said, "\ufffd") && utf8.ValidString(said) {
			t.Errorf("%q became %q, %v", said, got["said"], err)
		}
	})
}
