//go:build unix && !race

package crash_test

import "os"

// binary is what all processes run from: this very file.
func binary() (string, error) { return os.Executable() }
