package house

import "path/filepath"

// servedName is the lock file of a directory that one process at a time serves.
const servedName = "serve.lock"

// Served takes the directory of a sandbox exchange or of a provider simulator for this
// process alone: a second one would do the same things once more. If another process has it,
// it is fault.Locked, reason "dir-in-use". The system releases it when the process ends,
// however it ends.
func Served(dir string) (leave func() error, err error) { return lock(filepath.Join(dir, servedName)) }
