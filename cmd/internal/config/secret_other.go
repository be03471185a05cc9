//go:build !unix

package config

import "io/fs"

// readableByOthers says no: here the folder's access list decides, not a mode.
func readableByOthers(fs.FileInfo) bool { return false }
