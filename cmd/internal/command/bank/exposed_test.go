package bank

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// A file with an exchange's password is told of where everybody can read it: not where only its
// group may, and not in a directory that others do not enter.
func TestAnExchangesFileThatEverybodyReads(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	for _, row := range []struct {
		dir, file os.FileMode
		told      bool
	}{{0o755, 0o644, true}, {0o755, 0o640, false}, {0o755, 0o600, false}, {0o700, 0o644, false}, {0o750, 0o644, false}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, row.file); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, row.dir); err != nil {
			t.Fatal(err)
		}
		if got := exposed(path); (got != nil) != row.told {
			t.Errorf("%o in %o: %v", row.file, row.dir, got)
		}
	}
	if got := exposed(filepath.Join(t.TempDir(), "none")); got != nil {
		t.Errorf("of none: %v", got)
	}
}

// What a terminal takes is said without a blank behind it.
func TestTheFeesOfATerminalInWords(t *testing.T) {
	for want, fees := range map[string]tillFees{"none": {fees: feesNone}, "till 1.5": {fees: feesTill, percent: "1.5"}} {
		if got := fees.text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
