//go:build unix && race

package crash_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
)

// binary is what all processes run from. The race detector makes a start five
// times as dear, and there are hundreds of starts: the processes do without it.
// Races are looked for by the tests of the packages that they are made of.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "crash.test")
	out, err := exec.Command("go", "test", "-c", "-race=false", "-ldflags=-s -w", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go test -c: %w\n%s", err, out)
	}
	return path, nil
})
