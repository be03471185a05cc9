//go:build !race

package exchange_test

// purchases is how many withdrawals an exchange spoils.
const purchases = 200
