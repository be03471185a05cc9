// Package exchangetest makes the exchanges of tests cheap.
package exchangetest

import (
	"crypto/rand"
	"crypto/rsa"
	_ "embed"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

//go:embed primes.txt
var primes string // in hexadecimal, of 1,024 bits, one a line

// Keys takes the place of exchange.InitOptions.Keys. To look for two large primes for each
// key is what takes time when an exchange is made. Here each key has one of the primes that
// are written down, and all have one fresh prime in common: they are those of this exchange
// alone, and everybody can break them.
func Keys(n int) ([]*rsa.PrivateKey, error) {
	known := strings.Fields(primes)
	if n > len(known) {
		return nil, fmt.Errorf("%d keys of %d primes", n, len(known))
	}
	e := big.NewInt(65537)
	for {
		common, err := rand.Prime(rand.Reader, 1024)
		if err != nil {
			return nil, err
		}
		if keys, err := with(common, known[:n], e); !errors.Is(err, errExponent) {
			return keys, err
		}
	}
}

var errExponent = errors.New("the exponent has no inverse")

// with makes a key of each of the known primes and the common one.
func with(common *big.Int, known []string, e *big.Int) ([]*rsa.PrivateKey, error) {
	one := big.NewInt(1)
	keys := make([]*rsa.PrivateKey, len(known))
	for n, text := range known {
		p, ok := new(big.Int).SetString(text, 16)
		if !ok {
			return nil, fmt.Errorf("prime %d is malformed", n)
		}
		totient := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(common, one))
		d := new(big.Int).ModInverse(e, totient)
		if d == nil {
			return nil, errExponent
		}
		keys[n] = &rsa.PrivateKey{
			PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, common), E: int(e.Int64())},
			D:         d, Primes: []*big.Int{p, common},
		}
		keys[n].Precompute()
		if err := keys[n].Validate(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}
