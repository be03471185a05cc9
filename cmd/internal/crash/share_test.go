//go:build unix && !race

package crash_test

// share is which part of all kills is tried, one in so many.
const share = 1
