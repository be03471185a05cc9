package exchange

import (
	"crypto/rand"
	"crypto/rsa"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// values are the denominations' worth. Every multiple of the first can be paid
// out, CHF:20 in two coins.
var values = [...]string{"0.01", "0.05", "0.1", "0.5", "1", "2", "5", "10"}

const (
	rsaBits       = 2048
	keysPerGroup  = 2 // one that is not valid yet and, behind it, the present one
	year          = 365 * 24 * time.Hour
	withdrawFor   = year
	depositFor    = 3 * year // from the start on
	legalFor      = 10 * year
	backdated     = time.Hour // so that a wallet whose clock is behind finds the keys valid
	signFor       = 2 * year
	signProofFor  = 5 * year
	closeReserves = 28 * 24 * time.Hour
)

// denomination is one key with which coins are signed.
type denomination struct {
	hash            crypto.HashCode
	private         *crypto.RSAPrivateKey
	value, fee      instrument.Amount
	withFee         instrument.Amount // what a coin takes from its reserve
	start, withdraw taler.Timestamp   // coins are made from start on and before withdraw
}

// denominationsOf joins a /keys document with the private keys.
func denominationsOf(k taler.Keys, private map[crypto.HashCode]*crypto.RSAPrivateKey) (map[crypto.HashCode]*denomination, error) {
	all := map[crypto.HashCode]*denomination{}
	for _, g := range k.Denominations {
		withFee, err := g.Value.Add(g.FeeWithdraw)
		if err != nil {
			return nil, err
		}
		for _, d := range g.Denoms {
			hash := crypto.DenomHash(0, crypto.CipherRSA, d.RSAPub)
			key, found := private[hash]
			if !found {
				return nil, fault.New(fault.Internal, "the private key of a denomination of %s is not there", g.Value)
			}
			all[hash] = &denomination{hash: hash, private: key, value: g.Value, fee: g.FeeWithdraw, withFee: withFee, start: d.StampStart, withdraw: d.StampExpireWithdraw}
		}
	}
	return all, nil
}

func denomHash(pub *crypto.RSAPublicKey) crypto.HashCode {
	return crypto.DenomHash(0, crypto.CipherRSA, pub.Encode())
}

// makeRSAKeys makes n keys on all processors; it takes a second or two.
func makeRSAKeys(n int) ([]*rsa.PrivateKey, error) {
	keys := make([]*rsa.PrivateKey, n)
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range keys {
		work.Go(func() (err error) {
			keys[i], err = rsa.GenerateKey(rand.Reader, rsaBits)
			return err
		})
	}
	return keys, work.Wait()
}
