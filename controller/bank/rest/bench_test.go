package rest_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// BenchmarkWithdrawal is the whole job at the bank with 32 terminals over HTTP,
// on a real file, with the protocols in this process.
func BenchmarkWithdrawal(b *testing.B) {
	banktest.Benchmark(b, open(b, banktest.Options{}), 32)
}
