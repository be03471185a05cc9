//go:build unix && race

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
)

var built sync.Once

// binary is what the machine and the coupon run from. The race detector makes a
// start five times as dear, and there are many starts: the processes do without it.
func binary(dir string) (path string, err error) {
	path = filepath.Join(dir, "vending.test")
	built.Do(func() {
		out, failed := exec.Command("go", "test", "-c", "-race=false", "-ldflags=-s -w", "-o", path, ".").CombinedOutput()
		if failed != nil {
			err = fmt.Errorf("go test -c: %w\n%s", failed, out)
		}
	})
	return path, err
}
