//go:build !linux && !darwin

package store_test

import "errors"

// fillDisk needs a limit that only Unix has; no test starts it here.
func fillDisk(string) error { return errors.ErrUnsupported }
