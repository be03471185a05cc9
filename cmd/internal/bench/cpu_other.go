//go:build !linux

package bench

import "time"

// Spent is not known here.
func Spent() (own, begun time.Duration) { return 0, 0 }
