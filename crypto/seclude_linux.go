package crypto

import "golang.org/x/sys/unix"

// Seclude keeps other processes of the same user, such as plugins, from reading the memory and
// environment of this one. It also prevents core dumps. A program that holds keys calls it before
// anything else. Processes that it starts do not inherit it.
func Seclude() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
