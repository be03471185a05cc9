package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
)

type listed struct {
	Lines []string `toml:"lines"`
}

func TestAListOfTexts(t *testing.T) {
	twin := func(name string) string {
		if name == "SWAPEROO_LINES" {
			return "c,d"
		}
		return ""
	}
	for _, row := range []struct {
		name    string
		text    string
		environ func(string) string
		want    []string
		reason  fault.Reason
	}{
		{"in the file", `lines = ["a", "b,c"]`, silent, []string{"a", "b,c"}, ""},
		{"an empty one", `lines = []`, silent, []string{}, ""},
		{"in the environment", `lines = ["a"]`, twin, []string{"c", "d"}, ""},
		{"of other things", `lines = [1]`, silent, nil, config.ReasonMalformed},
		{"no list", `lines = "a"`, silent, nil, config.ReasonMalformed},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got listed
			err := config.Read(write(t, row.text), &got, row.environ)
			if fault.ReasonOf(err) != row.reason || err == nil && !slices.Equal(got.Lines, row.want) {
				t.Errorf("%q, %v", got.Lines, err)
			}
			if says := `:1: "lines": a text stands where a list, such as ["a", "b"], belongs`; row.name == "no list" && !strings.Contains(fault.From(err).Message, says) {
				t.Errorf("%v does not say %s", err, says)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "config.toml")
	is, got := listed{Lines: []string{"serial-clear:/dev/ttyS0"}}, listed{}
	if err := config.Write(path, "A list.", &is); err != nil {
		t.Fatal(err)
	}
	if err := config.Read(path, &got, silent); err != nil || !slices.Equal(got.Lines, is.Lines) {
		t.Errorf("written and read it is %q, %v", got.Lines, err)
	}
}

// A party that does without a file is set by the environment alone; one that needs a
// file says that there is none.
func TestTheEnvironmentAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.toml")
	twin := func(name string) string { return map[string]string{"SWAPEROO_LINES": "a,b"}[name] }
	var got listed
	if err := config.ReadIfThere(path, &got, twin); err != nil || !slices.Equal(got.Lines, []string{"a", "b"}) {
		t.Errorf("%q, %v", got.Lines, err)
	}
	if err := config.Read(path, &got, twin); fault.ReasonOf(err) != config.ReasonMissing {
		t.Errorf("where a file is needed: %v", err)
	}
}
