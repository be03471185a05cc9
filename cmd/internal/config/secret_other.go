//go:build !unix

package config

import "io/fs"

// nonblock: no open waits for others here.
const nonblock = 0

// readableByOthers says no: here the folder's access list decides, not a mode.
func readableByOthers(fs.FileInfo) bool { return false }
