//go:build !race

package host

// inherited is what a plugin gets of this process's environment: nothing.
func inherited() []string { return nil }
