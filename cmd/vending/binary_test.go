//go:build unix && !race

package main

import "os"

// binary is what the machine and the coupon run from: this very file.
func binary(string) (string, error) { return os.Executable() }
