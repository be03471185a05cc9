package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

type sample struct {
	Name  string            `toml:"name" doc:"as peers see it"`
	Fee   instrument.Amount `toml:"fee"`
	Wait  time.Duration     `toml:"wait"`
	Loud  bool              `toml:"loud"`
	Count int               `toml:"count" doc:"how many\nof them"`
	Bank  struct {
		URL      string `toml:"url"`
		Password string `toml:"password_file"`
	} `toml:"bank" doc:"where it has its account"`
}

func silent(string) string { return "" }

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatWriteWritesReadReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "config.toml")
	a, err := instrument.ParseAmount("CHF:0.25")
	if err != nil {
		t.Fatal(err)
	}
	is := sample{Name: "a \"quoted\" name\nof two lines", Fee: a, Wait: 90 * time.Second, Loud: true, Count: -3}
	is.Bank.URL, is.Bank.Password = "http://127.0.0.1:1/", "/run/secret"
	if err := config.Write(path, "A sample.", &is); err != nil {
		t.Fatal(err)
	}
	var got sample
	if err := config.Read(path, &got, silent); err != nil {
		t.Fatal(err)
	}
	if got != is {
		t.Errorf("got %+v, want %+v", got, is)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"# A sample.\n", "# as peers see it\nname = ", "# how many\n# of them\ncount", "# where it has its account\n[bank]\n"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is not in\n%s", part, text)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".new-*"); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestMistakesAreToldWithFileAndLine(t *testing.T) {
	for _, row := range []struct {
		name, text string
		line       int
		reason     fault.Reason
		says       string
	}{
		{"unknown key", "name = \"a\"\n\nnme = \"b\"\n", 3, config.ReasonUnknown, `"nme"`},
		{"unknown key on the last line, without an end", "name = \"a\"\nnme = \"b\"", 2, config.ReasonUnknown, `"nme"`},
		{"unknown key in a table", "[bank]\nurl = \"x\"\nuser = \"b\"\n", 3, config.ReasonUnknown, `"bank.user"`},
		{"unknown dotted key", "count = 1\nbank.user = \"b\"\n", 2, config.ReasonUnknown, `"bank.user"`},
		{"unknown table", "# nothing\n\n[house]\ndoor = 1\n", 3, config.ReasonUnknown, `"house"`},
		{"unknown quoted key", "\"na me\" = 1\n", 1, config.ReasonUnknown, "na me"},
		{"unknown after a text of many lines", "name = \"\"\"\nnme = 1\n\"\"\"\nnme = 2\n", 4, config.ReasonUnknown, `"nme"`},
		{"a secret itself", "[bank]\npassword = \"x\"\n", 2, config.ReasonUnknown, `"bank.password"`},
		{"amount of nothing known", "name = \"a\"\nfee = \"twenty\"\n", 2, config.ReasonMalformed, `"fee"`},
		{"wrong type", "\nname = 7\n", 2, config.ReasonMalformed, "name"},
		{"a text for a number", "count = \"7\"\n", 1, config.ReasonMalformed, `"count": a text stands where a number belongs`},
		{"a number for a text", "name = 7\n", 1, config.ReasonMalformed, `"name": a number stands where a text belongs`},
		{"duration without a unit", "wait = \"5\"\n", 1, config.ReasonMalformed, "wait"},
		{"a number for a duration", "name = \"a\"\nwait = 900\n", 2, config.ReasonMalformed, `"wait": a number stands where a duration belongs`},
		{"twice", "name = \"a\"\nname = \"b\"\n", 2, config.ReasonMalformed, "name"},
		{"no TOML", "name = \"a\"\nis this a file?\n", 2, config.ReasonMalformed, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := write(t, row.text)
			err := config.Read(path, new(sample), silent)
			f := fault.From(err)
			if f == nil || f.Kind != fault.Invalid || f.Reason != row.reason {
				t.Fatalf("err = %v (%v)", err, f)
			}
			if at := path + ":" + strconv.Itoa(row.line) + ":"; !strings.HasPrefix(f.Message, at) || !strings.Contains(f.Message, row.says) {
				t.Errorf("%q does not begin with %q or does not say %q", f.Message, at, row.says)
			}
			if row.says == "wait" && !strings.Contains(f.Hint, "unit") {
				t.Errorf("the hint about a duration is %q", f.Hint)
			}
		})
	}
}

// Nothing is as long in every unit.
func TestNoTimeNeedsNoUnit(t *testing.T) {
	got := sample{Wait: time.Hour}
	if err := config.Read(write(t, "wait = 0\n"), &got, silent); err != nil || got.Wait != 0 {
		t.Errorf("%s, %v", got.Wait, err)
	}
}

// A key that was appended is read as the last table's, and the advice says so.
func TestAKeyBelowATableIsNotTheFiles(t *testing.T) {
	for text, says := range map[string]bool{
		"name = \"a\"\n[bank]\nurl = \"x\"\ncount = 7\n": true,
		"[bank]\nurl = \"x\"\nusr = 7\n":                 false,
		"cont = 7\n":                                     false,
	} {
		f := fault.From(config.Read(write(t, text), new(sample), silent))
		if f == nil || f.Reason != config.ReasonUnknown || strings.HasPrefix(f.Hint, "count belongs above the first [table]: what stands below [bank] is that one's; the keys are: name") != says {
			t.Errorf("%q: %v, advised: %s", text, f, fault.From(f).Hint)
		}
	}
}

func TestAMissingFileIsNotFound(t *testing.T) {
	err := config.Read(filepath.Join(t.TempDir(), "config.toml"), new(sample), silent)
	if !errors.Is(err, fault.NotFound) || fault.ReasonOf(err) != config.ReasonMissing {
		t.Errorf("err = %v", err)
	}
}

func TestTheEnvironmentWins(t *testing.T) {
	path := write(t, "name = \"file\"\ncount = 1\n[bank]\nurl = \"file\"\npassword_file = \"secret\"\n")
	for _, row := range []struct {
		name, variable, value string
		right                 func(sample) bool
	}{
		{"text", "SWAPEROO_NAME", "twin", func(s sample) bool { return s.Name == "twin" }},
		{"amount", "SWAPEROO_FEE", "CHF:1", func(s sample) bool { return s.Fee.String() == "CHF:1" }},
		{"duration", "SWAPEROO_WAIT", "2s", func(s sample) bool { return s.Wait == 2*time.Second }},
		{"truth", "SWAPEROO_LOUD", "true", func(s sample) bool { return s.Loud }},
		{"number", "SWAPEROO_COUNT", "12", func(s sample) bool { return s.Count == 12 }},
		{"in a table", "SWAPEROO_BANK_URL", "twin", func(s sample) bool { return s.Bank.URL == "twin" }},
		{"a secret has none", "SWAPEROO_BANK_PASSWORD_FILE", "/twin", func(s sample) bool {
			return s.Bank.Password == filepath.Join(filepath.Dir(path), "secret")
		}},
		{"a table has none", "SWAPEROO_BANK", "twin", func(s sample) bool { return s.Bank.URL == "file" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got sample
			if err := config.Read(path, &got, only(row.variable, row.value)); err != nil {
				t.Fatal(err)
			}
			if !row.right(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
	for variable, value := range map[string]string{"SWAPEROO_FEE": "one", "SWAPEROO_COUNT": "x", "SWAPEROO_LOUD": "perhaps", "SWAPEROO_WAIT": "soon"} {
		err := config.Read(path, new(sample), only(variable, value))
		if f := fault.From(err); f == nil || f.Reason != config.ReasonMalformed || !strings.Contains(f.Message, variable) {
			t.Errorf("%s=%s: %v", variable, value, err)
		}
	}
}

// TestSourcesAreTheFileAndTheVariables that are keys of it.
func TestSourcesAreTheFileAndTheVariables(t *testing.T) {
	for variable, want := range map[string]string{
		"SWAPEROO_NAME": "a.toml, with the environment's SWAPEROO_NAME", "SWAPEROO_BANK_URL": "a.toml, with the environment's SWAPEROO_BANK_URL",
		"SWAPEROO_BANK_PASSWORD_FILE": "a.toml", "SWAPEROO_USER": "a.toml",
	} {
		if got := config.Sources("a.toml", new(sample), only(variable, "x")); got != want {
			t.Errorf("%s: %q", variable, got)
		}
	}
}

func only(variable, value string) func(string) string {
	return func(name string) string {
		if name == variable {
			return value
		}
		return ""
	}
}

// Settings that were lost name no file, and no file has no name.
func TestASecretThatNoSettingNames(t *testing.T) {
	_, err := config.Secret("")
	if fault.ReasonOf(err) != config.ReasonSecret || !strings.Contains(err.Error(), "name no file") {
		t.Errorf("err = %v", err)
	}
}

func TestASecretIsOnesOwn(t *testing.T) {
	for _, row := range []struct {
		name string
		mode os.FileMode
		text string
		kind fault.Kind // 0: read
	}{
		{"mine", 0o600, "hunter2\n", 0},
		{"read only", 0o400, "hunter2", 0},
		{"the group's as well", 0o640, "hunter2", fault.Denied},
		{"everybody's", 0o604, "hunter2", fault.Denied},
		{"empty", 0o600, "\n", fault.Invalid},
		{"too long", 0o600, strings.Repeat("x", 5000), fault.Invalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, row.mode); err != nil {
				t.Fatal(err)
			}
			got, err := config.Secret(path)
			if fault.KindOf(err) != row.kind {
				t.Fatalf("err = %v", err)
			}
			if err == nil && got != "hunter2" {
				t.Errorf("got %q", got)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells: %v", err)
			}
		})
	}
	if _, err := config.Secret(t.TempDir()); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a folder: %v", err)
	}
	if _, err := config.Secret(filepath.Join(t.TempDir(), "none")); fault.KindOf(err) != fault.Invalid {
		t.Errorf("nothing: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("name = \"a\"\n[bank]\nurl = \"b\"\n")
	f.Add("nme = [1,\n2]\n")
	f.Add("a.b.\"c d\" = 1\n")
	f.Add("[[bank]]\nurl = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := config.Read(path, new(sample), silent)
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("err = %v", err)
		}
	})
}
