//go:build !linux

package bench

// resident is not known here.
func resident() uint64 { return 0 }
