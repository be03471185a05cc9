package taler

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// planchet is a coin to be: its secrets, and what the exchange gets to see.
type planchet struct {
	index   uint32
	denom   taler.Denomination
	key     *crypto.RSAPublicKey
	secrets crypto.CoinSecrets
	pub     taler.EddsaPublicKey
	hash    taler.HashCode // of the coin's key: what is signed
	blinded []byte
}

// evHash is the name of the planchet at the exchange.
func (p planchet) evHash() taler.HashCode {
	return crypto.CoinEvHash(p.denom.DenomPubHash, crypto.CipherRSA, p.blinded)
}

// envelope is the planchet as it is sent.
func (p planchet) envelope() taler.CoinEnvelope {
	return taler.CoinEnvelope{Cipher: taler.CipherRSA, RSABlindedPlanchet: p.blinded}
}

// unusable is the fault of a denomination of which no coin can be made.
type unusable struct {
	denom taler.HashCode
	cause error
}

func (u unusable) Error() string { return u.cause.Error() }
func (u unusable) Unwrap() error { return u.cause }

// planchets makes the planchets of a batch. They are the same each time, because they follow
// from the seed, the plan and the number of the first coin.
func planchets(r taler.Reserve, coins []taler.PlannedCoins, first uint32) ([]planchet, error) {
	seed, err := r.Seed.Seed()
	if err != nil {
		return nil, err
	}
	var out []planchet
	for _, c := range coins {
		key, err := crypto.ParseRSAPublicKey(c.Denomination.RSAPub)
		if err != nil {
			return nil, unusable{c.Denomination.DenomPubHash, err}
		}
		for range c.Count {
			p := planchet{index: first + uint32(len(out)), denom: c.Denomination, key: key}
			p.secrets = crypto.DeriveCoin(seed, p.index)
			p.pub = p.secrets.Priv.Public()
			p.hash = crypto.CoinPubHash(p.pub, taler.ShortHash{})
			if p.blinded, err = crypto.Blind(key, p.secrets.Blinding, p.hash[:]); err != nil {
				return nil, unusable{c.Denomination.DenomPubHash, err}
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// newBatch freezes a plan into the exact request that will be sent.
func (f form) newBatch(r taler.Reserve, coins []taler.PlannedCoins) (*taler.WithdrawBatch, error) {
	made, err := planchets(r, coins, r.NextCoin)
	if err != nil {
		return nil, err
	}
	priv, err := r.ReservePriv.EddsaPrivateKey()
	if err != nil {
		return nil, err
	}
	request, err := f.request(priv, made)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(request)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "a withdrawal cannot be written as JSON")
	}
	return &taler.WithdrawBatch{Protocol: f.id, Plan: coins, First: r.NextCoin, Body: body, Clean: true}, nil
}

// errForged says that the exchange signed something else than it was asked to.
var errForged = fault.New(fault.Invalid, "the exchange's signature on a coin is wrong").
	Because(taler.ReasonCoinSignature).WithHint("request and answer are kept as proof; show them to the exchange's auditor. The same request may be sent again")

// mint makes coins of the exchange's answer to a batch: all of them, each verified, or none.
// A wrong signature is errForged. An answer in another form proves nothing, and the request
// may be sent again.
func (f form) mint(r taler.Reserve, b taler.WithdrawBatch, answer []byte) ([]taler.Coin, error) {
	sigs, err := f.answer(answer)
	if err != nil {
		return nil, malformed(err)
	}
	made, err := planchets(r, b.Plan, b.First)
	if err != nil {
		return nil, err
	}
	if len(sigs) != len(made) {
		return nil, malformed(fault.New(fault.Invalid, "%s came for %s", fault.Count(len(sigs), "signature"), fault.Count(len(made), "coin")))
	}
	coins := make([]taler.Coin, len(made))
	for n, p := range made {
		signed := sigs[n]
		if signed.Cipher != taler.CipherRSA {
			return nil, malformed(fault.New(fault.Invalid, "signature %d is not of RSA", n+1))
		}
		sig, err := crypto.Unblind(p.key, p.secrets.Blinding, signed.BlindedRSASignature)
		if err != nil || !p.key.Verify(p.hash[:], sig) {
			return nil, errForged
		}
		coins[n] = taler.Coin{
			CoinPub: p.pub, CoinPriv: taler.StoredSecret(p.secrets.Priv.Bytes()),
			Denom: p.denom.RSAPub, DenomPubHash: p.denom.DenomPubHash, Value: p.denom.Value, Fee: p.denom.FeeWithdraw,
			Signature: sig, BlindingKey: taler.StoredSecret(p.secrets.Blinding.Bytes()), CoinEvHash: p.evHash(), Index: p.index, Batch: b.First,
			ReservePub: r.ReservePub, ExchangeURL: r.ExchangeURL, MasterPub: b.MasterPub, ExpireDeposit: p.denom.StampExpireDeposit,
		}
	}
	return coins, nil
}
