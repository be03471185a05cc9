package house

import "path/filepath"

// servedName is the lock file of a directory that one process at a time serves.
const servedName = "serve.lock"

// Served takes a directory for this process alone to serve: that of a sandbox exchange or of
// a provider simulator, of which another one would do the same things once more. Another
// process there is fault.Locked, reason "dir-in-use". The system gives it back when the
// process ends, however it ends.
func Served(dir string) (leave func() error, err error) { return lock(filepath.Join(dir, servedName)) }
