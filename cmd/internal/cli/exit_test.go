package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

func TestEveryFaultHasItsExitCode(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		code int
	}{
		{"nothing", nil, 0},
		{"invalid", fault.New(fault.Invalid, "x"), 1},
		{"invalid, in what was typed", cli.Argument(fault.New(fault.Invalid, "x")), 2},
		{"wrong usage", cli.Usage("x"), 2},
		{"wrong usage, wrapped", fmt.Errorf("y: %w", cli.Usage("x")), 2},
		{"not found, though typed", cli.Argument(fault.New(fault.NotFound, "x")), 3},
		{"not found", fault.New(fault.NotFound, "x"), 3},
		{"input needed", cli.Input("x", "y"), 4},
		{"input needed, said by a controller", fault.New(fault.Invalid, "x").Because("input-needed"), 4},
		{"declined", fault.New(fault.Declined, "x"), 5},
		{"denied", fault.New(fault.Denied, "x"), 5},
		{"conflict", fault.New(fault.Conflict, "x"), 5},
		{"timeout", fault.New(fault.Timeout, "x"), 6},
		{"unknown", fault.New(fault.Unknown, "x"), 6},
		{"a plugin crashed", fault.New(fault.Unavailable, "x").Because("plugin-crashed"), 7},
		{"a plugin is not known", fault.New(fault.NotFound, "x").Because("plugin-unknown"), 3},
		{"a plugin was changed", fault.New(fault.Denied, "x").Because("plugin-modified"), 5},
		{"unavailable", fault.New(fault.Unavailable, "x"), 8},
		{"nobody to be asked", fault.New(fault.Unsupported, "x").Because(protocol.ReasonNoPerson), 4},
		{"nobody has answered", fault.New(fault.Timeout, "x").Because(protocol.ReasonQuestionOver), 4},
		{"locked", fault.New(fault.Locked, "x"), 9},
		{"unsupported", fault.New(fault.Unsupported, "x"), 1},
		{"stuck", fault.New(fault.Stuck, "x"), 1},
		{"internal", fault.New(fault.Internal, "x"), 1},
		{"no fault", errors.New("x"), 1},
		{"reported already", cli.Reported(fault.New(fault.Declined, "x")), 5},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := cli.ExitCode(row.err); got != row.code {
				t.Errorf("exit code %d, not %d", got, row.code)
			}
		})
	}
}

// A peer chooses the kind of its fault, and no more of our exit code than whether a
// plugin failed: no word that speaks of this command is taken from it, however often it
// is passed on.
func TestNoPeerChoosesAnExitCode(t *testing.T) {
	for _, reason := range []fault.Reason{cli.ReasonInputNeeded, cli.ReasonUsage, protocol.ReasonNoPerson, protocol.ReasonQuestionOver} {
		for kind := fault.Invalid; kind <= fault.Suspended; kind++ {
			f := (&fault.Fault{Kind: kind, Reason: reason, Message: "x"}).Foreign()
			plain := (&fault.Fault{Kind: kind, Message: "x"}).Foreign()
			if got, want := cli.ExitCode(f), cli.ExitCode(plain); got != want {
				t.Errorf("%s because of %q: exit code %d, not %d", kind, reason, got, want)
			}
			if again := f.Foreign(); again.Reason != f.Reason {
				t.Errorf("%q is told on as %q", f.Reason, again.Reason)
			}
		}
	}
}

// env is an Env whose output a test reads; nobody is there to be asked.
func env(json bool) (e *cli.Env, out, messages *bytes.Buffer) {
	out, messages = &bytes.Buffer{}, &bytes.Buffer{}
	e = cli.New()
	e.In, e.Out, e.Err, e.JSON = nil, out, messages, json
	e.Environ = func(string) string { return "" }
	return e, out, messages
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// A peer and a plugin may send a fault without a sentence.
func TestAFailureWithoutAMessage(t *testing.T) {
	for reason, want := range map[fault.Reason]string{"": "declined", "card-lost": "card-lost"} {
		f := fault.New(fault.Declined, "").Because(reason).WithHint("ask them")
		e, _, messages := env(false)
		e.Fail(f)
		if messages.String() != "swaperoo: it failed, and nobody says more than "+want+" — ask them\n" || f.Message != "" {
			t.Errorf("%q: %s", reason, messages)
		}
		e, out, _ := env(true)
		e.Fail(f)
		if !strings.Contains(out.String(), `"message":"it failed, and`) {
			t.Errorf("%q: %s", reason, out)
		}
	}
}

func TestAFailureIsOneLineOrOneObject(t *testing.T) {
	err := fault.Wrap(errors.New("the cause"), fault.Denied, "not you").Because("not-owner").WithHint("ask the owner")
	e, out, messages := env(false)
	if code := e.Fail(err); code != 5 || out.Len() != 0 || messages.String() != "swaperoo: not you — ask the owner\n" {
		t.Errorf("%d: %q %q", code, out, messages)
	}
	e, out, messages = env(true)
	e.Fail(err)
	want := `{"error":{"kind":"denied","reason":"not-owner","message":"not you","hint":"ask the owner"}}` + "\n"
	if out.String() != want || messages.Len() != 0 {
		t.Errorf("%q %q", out, messages)
	}
	e, _, messages = env(true)
	e.Out = full{}
	if code := e.Fail(err); code != 5 || messages.String() != "swaperoo: not you — ask the owner\n" {
		t.Errorf("where nothing can be written: %d %q", code, messages)
	}
	e, out, messages = env(true)
	if code := e.Fail(cli.Reported(err)); code != 5 || out.Len() != 0 || messages.Len() != 0 {
		t.Errorf("reported: %d %q %q", code, out, messages)
	}
	if cli.Reported(nil) != nil || cli.Argument(nil) != nil {
		t.Error("nothing became something")
	}
}

func TestNobodyIsAskedWhereNobodyIs(t *testing.T) {
	e, _, _ := env(false)
	for name, ask := range map[string]func() error{
		"yes":        func() error { _, err := e.Yes(t.Context(), "Really?", "say --yes"); return err },
		"text":       func() error { _, err := e.Ask(t.Context(), "A name", "give it"); return err },
		"secret":     func() error { _, err := e.AskSecret(t.Context(), "A code", "give it"); return err },
		"passphrase": func() error { _, err := e.Passphrase(t.Context(), false); return err },
	} {
		if err := ask(); cli.ExitCode(err) != cli.ExitInput || fault.From(err).Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestATableIsLinesForScripts(t *testing.T) {
	e, out, _ := env(false)
	if err := e.Table(map[string]any{"list": []int{1}}, []string{"A", "B"}, [][]string{{"1", "2"}, {"3", "4"}}); err != nil || out.String() != "1\t2\n3\t4\n" {
		t.Errorf("%q, %v", out, err)
	}
	e, out, _ = env(true)
	if err := e.Table(map[string]any{"list": []int{1}}, nil, nil); err != nil || out.String() != `{"list":[1]}`+"\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestAmountsAreMoreThanNothing(t *testing.T) {
	for text, code := range map[string]int{"CHF:20": 0, "CHF:0.00000001": 0, "CHF:0": 2, "CHF:-1": 2, "CHF": 2, "": 2, "CHF:99999999999999999": 2} {
		if _, err := cli.Amount(text); cli.ExitCode(err) != code {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestWherePartiesLive(t *testing.T) {
	for _, row := range []struct{ name, dir, xdg, want string }{
		{"named", "/d", "/x", "/d"},
		{"XDG", "", "/x", "/x/swaperoo/wallet"},
		{"a relative XDG is none", "", "x", "/home/u/.local/share/swaperoo/wallet"},
		{"home", "", "", "/home/u/.local/share/swaperoo/wallet"},
	} {
		e, _, _ := env(false)
		e.Dir, e.Environ, e.Home = row.dir, func(string) string { return row.xdg }, func() (string, error) { return "/home/u", nil }
		if got, err := e.PartyDir("wallet"); err != nil || got != row.want {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
	e, _, _ := env(false)
	e.Home = func() (string, error) { return "", errors.New("homeless") }
	if _, err := e.PartyDir("wallet"); err == nil || !strings.Contains(fault.From(err).Hint, "--dir") {
		t.Errorf("homeless: %v", err)
	}
}

// TestEveryFailureSaysWhatToDoNext, also where it was made by somebody who knows
// of no commands.
func TestEveryFailureSaysWhatToDoNext(t *testing.T) {
	for reason, says := range map[fault.Reason]string{
		"wrong-passphrase": "try again", "peer-unknown": "wallet peer add", "class-unknown": "plugin add", "amount-malformed": "CHF:20",
		"address-taken": "--listen", "amount-too-small": "another amount", "amount-out-of-range": "another amount", "currency-mismatch": "the currency", "plugin-hung": "plugin remove", "scheme-unknown": "wss://",
		"request-uid-reused": "--key", "config-malformed": "config check", "file-unwritable": "folder",
		"code-taken": "another one", "never-heard-of": "", "": "",
	} {
		for k := fault.Invalid; k <= fault.Internal; k++ {
			e, out, _ := env(true)
			e.Fail(fault.New(k, "no").Because(reason))
			var told struct{ Error fault.Fault }
			if err := json.Unmarshal(out.Bytes(), &told); err != nil || told.Error.Hint == "" || told.Error.Reason == "" || !strings.Contains(told.Error.Hint, says) {
				t.Errorf("%s, %s: %q, %v", k, reason, told.Error.Hint, err)
			}
			e, _, messages := env(false)
			if e.Fail(fault.New(k, "no").Because(reason)); !strings.HasSuffix(messages.String(), " — "+told.Error.Hint+"\n") {
				t.Errorf("%s, %s: %q", k, reason, messages)
			}
		}
	}
	own := fault.New(fault.Denied, "no").Because("wrong-passphrase").WithHint("own words")
	if e, _, messages := env(false); e.Fail(own) != cli.ExitRefused || messages.String() != "swaperoo: no — own words\n" {
		t.Errorf("%q", messages)
	}
}
