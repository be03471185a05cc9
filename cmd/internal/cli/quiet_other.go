//go:build !linux

package cli

import "golang.org/x/term"

// quiet does nothing: what is typed in the moment between question and reading is shown here.
func quiet(int) error { return nil }

func readQuiet(fd int) ([]byte, error) { return term.ReadPassword(fd) }
