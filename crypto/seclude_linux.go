package crypto

import "golang.org/x/sys/unix"

// Seclude keeps other processes of the same user, such as plugins, from reading this
// one's memory and environment, and its memory from being written to disk when it
// crashes. A program that holds keys calls it first thing; what it starts does not
// inherit it.
func Seclude() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
