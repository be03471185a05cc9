//go:build !unix

package house

// syncDir does nothing: directories cannot be opened here.
func syncDir(string) error { return nil }
