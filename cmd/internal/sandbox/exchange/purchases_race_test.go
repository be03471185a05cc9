//go:build race

package exchange_test

// purchases is how many withdrawals an exchange spoils; under the race detector
// each takes many times as long.
const purchases = 30
