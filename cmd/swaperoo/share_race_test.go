//go:build race

package main

// share is which part of the scripts is run, one in so many: under the race detector, which watches
// all processes that they start, each takes more than twice as long.
const share = 4
