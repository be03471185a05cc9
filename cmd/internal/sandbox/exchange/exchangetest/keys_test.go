package exchangetest_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange/exchangetest"
)

func TestNoTwoExchangesHaveAKeyInCommon(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		keys, err := exchangetest.Keys(16)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if k.N.BitLen() != 2048 {
				t.Errorf("a key of %d bits", k.N.BitLen())
			}
			seen[k.N.String()] = true
		}
	}
	if len(seen) != 32 {
		t.Errorf("%d different keys of 32", len(seen))
	}
}
