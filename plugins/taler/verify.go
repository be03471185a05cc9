package taler

import (
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

const (
	// minRSABits is what a denomination needs to hold money.
	minRSABits = 2048
	// clockSkew is how far the exchange's clock may be from ours.
	clockSkew = time.Hour
)

// verified checks what a /keys document says against its signatures (Taler
// docs, core/exchange get-keys) and takes what a wallet needs of it: the master
// key's statements about signing keys, accounts and denominations, and the
// signing key's about the list as a whole. One wrong signature refuses it all.
func verified(keys taler.Keys, now time.Time) (taler.ExchangeState, error) {
	if err := speaks(keys.Version); err != nil {
		return taler.ExchangeState{}, err
	}
	if err := instrument.CheckCurrency(keys.Currency); err != nil {
		return taler.ExchangeState{}, malformed(err)
	}
	if err := verifySigners(keys, now); err != nil {
		return taler.ExchangeState{}, err
	}
	if err := verifyAccounts(keys); err != nil {
		return taler.ExchangeState{}, err
	}
	denominations, err := verifyDenominations(keys)
	if err != nil {
		return taler.ExchangeState{}, err
	}
	return taler.ExchangeState{
		Currency: keys.Currency, Version: keys.Version.String(), MasterPub: keys.MasterPublicKey, ClosingDelay: keys.ReserveClosingDelay,
		Accounts: keys.Accounts, SignKeys: keys.SignKeys, Denominations: denominations,
	}, nil
}

// verifySigners checks the online signing keys, and that the one of this
// document is one of them and signed the list of denominations as it stands.
func verifySigners(keys taler.Keys, now time.Time) error {
	valid := false
	for _, k := range keys.SignKeys {
		statement := crypto.SigningKey{Start: k.StampStart, Expire: k.StampExpire, End: k.StampEnd, Key: k.Key}
		if !keys.MasterPublicKey.Verify(statement.Message(), k.MasterSig) {
			return forged("an online signing key")
		}
		if k.Key == keys.ExchangePub && k.StampStart <= timestamp(now.Add(clockSkew)) && k.StampExpire > timestamp(now.Add(-clockSkew)) {
			valid = true
		}
	}
	if !valid {
		return forged("the key that signs the list of denominations")
	}
	list := crypto.DenominationList{Issued: keys.ListIssueDate}
	for _, group := range keys.Denominations {
		for _, d := range group.Denoms {
			list.MasterSigs = append(list.MasterSigs, d.MasterSig)
		}
	}
	if !keys.ExchangePub.Verify(list.Message(), keys.ExchangeSig) {
		return forged("the list of denominations")
	}
	return nil
}

func verifyAccounts(keys taler.Keys) error {
	for _, a := range keys.Accounts {
		statement := crypto.Account{
			PaytoURI: string(a.PaytoURI), ConversionURL: a.ConversionURL,
			DebitRestrictions: a.DebitRestrictions, CreditRestrictions: a.CreditRestrictions,
		}
		message, err := statement.Message()
		if err != nil {
			return malformed(err)
		}
		if !keys.MasterPublicKey.Verify(message, a.MasterSig) {
			return forged("a bank account")
		}
	}
	return nil
}

// verifyDenominations checks every denomination whose cipher is known and keeps
// those that coins can be made of.
func verifyDenominations(keys taler.Keys) ([]taler.Denomination, error) {
	revoked := map[taler.HashCode]bool{}
	for _, r := range keys.Recoup {
		revoked[r.HDenomPub] = true
	}
	var out []taler.Denomination
	for _, g := range keys.Denominations {
		for _, k := range g.Denoms {
			name, known := denomHash(g, k)
			if !known {
				continue
			}
			d, err := verifyDenomination(keys, g, k, name)
			if err != nil {
				return nil, err
			}
			if g.Cipher == taler.CipherRSA && !revoked[name] && !k.Lost && sound(d) {
				out = append(out, d)
			}
		}
	}
	return out, nil
}

func denomHash(g taler.DenominationGroup, k taler.DenominationKey) (taler.HashCode, bool) {
	switch g.Cipher {
	case taler.CipherRSA, taler.CipherRSA + ageRestricted:
		return crypto.DenomHash(g.AgeMask, crypto.CipherRSA, k.RSAPub), true
	case taler.CipherCS, taler.CipherCS + ageRestricted:
		return crypto.DenomHash(g.AgeMask, crypto.CipherCS, k.CSPub), true
	}
	return taler.HashCode{}, false
}

const ageRestricted = "+age_restricted"

func verifyDenomination(keys taler.Keys, g taler.DenominationGroup, k taler.DenominationKey, name taler.HashCode) (taler.Denomination, error) {
	for _, a := range []taler.Amount{g.Value, g.FeeWithdraw, g.FeeDeposit, g.FeeRefresh, g.FeeRefund} {
		if a.Currency != keys.Currency {
			return taler.Denomination{}, fault.New(fault.Invalid, "a denomination of the exchange is not in %s", keys.Currency).Because(taler.ReasonCurrencyMismatch)
		}
	}
	statement := crypto.Denomination{
		Master: keys.MasterPublicKey, Denom: name,
		Start: k.StampStart, ExpireWithdraw: k.StampExpireWithdraw, ExpireDeposit: k.StampExpireDeposit, ExpireLegal: k.StampExpireLegal,
		Value: g.Value, FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
	}
	if !keys.MasterPublicKey.Verify(statement.Message(), k.MasterSig) {
		return taler.Denomination{}, forged("a denomination")
	}
	return taler.Denomination{
		DenomPubHash: name, RSAPub: k.RSAPub, Value: g.Value,
		FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
		StampStart: k.StampStart, StampExpireWithdraw: k.StampExpireWithdraw,
		StampExpireDeposit: k.StampExpireDeposit, StampExpireLegal: k.StampExpireLegal,
	}, nil
}

// sound refuses keys that would make worthless or traceable coins; the exchange
// may list them, nothing is withdrawn with them.
func sound(d taler.Denomination) bool {
	key, err := crypto.ParseRSAPublicKey(d.RSAPub)
	return err == nil && key.Bits() >= minRSABits && !d.Value.IsZero()
}

func forged(what string) error {
	return fault.New(fault.Denied, "the exchange's signature of %s is wrong", what).
		Because("exchange-signature-invalid").WithHint("do not use this exchange; somebody may stand between you and it")
}
