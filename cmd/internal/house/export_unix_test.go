//go:build unix

package house

// Lockless is lockless, for the tests.
var Lockless = lockless

// Hold is hold, for the tests.
var Hold = hold
