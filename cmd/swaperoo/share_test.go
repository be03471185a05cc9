//go:build !race

package main

// share is which part of the scripts is run, one in so many.
const share = 1
