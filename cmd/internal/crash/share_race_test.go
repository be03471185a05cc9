//go:build unix && race

package crash_test

// share is which part of all kills is tried, one in so many: under the race detector, which watches the
// parties and their plugins, too, each costs more than twice as much.
const share = 8
