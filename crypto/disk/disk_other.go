//go:build !unix

package disk

import "io/fs"

// nonblock: no open waits for others here.
const nonblock = 0

// Sync does nothing: this system cannot flush a folder, and makes renames durable itself.
func Sync(string) error { return nil }

// Permissions are not in the mode here: the folder's access list decides, and the user's
// profile directory is closed to others by default.

// OthersRead says no.
func OthersRead(fs.FileInfo) bool { return false }

// OthersWrite says no.
func OthersWrite(fs.FileInfo) bool { return false }
