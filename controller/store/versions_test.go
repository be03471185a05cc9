package store_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// SQLite is translated from C against one version of its runtime; with another
// it may fail in ways that no compiler sees.
func TestTheRuntimeIsTheOneThatSQLiteNames(t *testing.T) {
	file, err := os.ReadFile(list(t, "modernc.org/sqlite", "{{.GoMod}}"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^\s*(?:require )?modernc\.org/libc (\S+)`).FindSubmatch(file)
	if named == nil {
		t.Fatal("SQLite's go.mod names no libc")
	}
	if have := list(t, "modernc.org/libc", "{{.Version}}"); have != string(named[1]) {
		t.Errorf("modernc.org/libc is %s, and SQLite wants %s: change both or none", have, named[1])
	}
}

func list(t *testing.T, module, format string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", format, module).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}
