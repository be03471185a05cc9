//go:build !unix

package serve

// private has nothing to do: handles are not inherited unless asked for.
func private(int) {}
