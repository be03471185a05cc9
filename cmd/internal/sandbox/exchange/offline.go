package exchange

import (
	"crypto/rsa"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// offline is the part of an exchange that holds the master key: at a real one a
// machine without network, where everything in /keys is signed.
type offline struct {
	o               InitOptions
	master, signing crypto.EddsaPrivateKey
	now             time.Time
}

// keys is the /keys document, complete but for the base URL. Of rsaKeys the first
// two become the first value's, and so on.
func (f offline) keys(rsaKeys []*rsa.PrivateKey) (taler.Keys, error) {
	account, err := f.account()
	if err != nil {
		return taler.Keys{}, err
	}
	k := taler.Keys{
		Version:               version(f.o.Protocol),
		Currency:              f.o.Currency,
		CurrencySpecification: taler.PlainCurrency(f.o.Currency),
		StefanAbs:             f.zero(),
		StefanLog:             f.zero(),
		AssetType:             "fiat",
		MasterPublicKey:       f.master.Public(),
		ReserveClosingDelay:   crypto.Lasting(f.o.CloseAfter),
		SignKeys:              []taler.SignKey{f.signKey()},
		Accounts:              []taler.ExchangeAccount{account},
		WireFees:              map[string][]taler.WireFee{f.o.Account.Kind(): {f.wireFee()}},
		GlobalFees:            []taler.GlobalFee{f.globalFee()},
		ListIssueDate:         crypto.At(f.now),
		ExchangePub:           f.signing.Public(),
	}
	for i, value := range values {
		group, err := f.group(value, rsaKeys[i*keysPerGroup:(i+1)*keysPerGroup])
		if err != nil {
			return taler.Keys{}, err
		}
		k.Denominations = append(k.Denominations, group)
	}
	k.ExchangeSig = f.signing.Sign(crypto.DenominationList{Issued: k.ListIssueDate, MasterSigs: masterSigs(k)}.Message())
	return k, nil
}

// group lists the key that is not valid yet first, as the real exchange does.
func (f offline) group(value string, rsaKeys []*rsa.PrivateKey) (taler.DenominationGroup, error) {
	worth, err := instrument.ParseAmount(f.o.Currency + ":" + value)
	if err != nil {
		return taler.DenominationGroup{}, err
	}
	g := taler.DenominationGroup{
		Cipher: taler.CipherRSA, Value: worth,
		FeeWithdraw: f.o.WithdrawFee, FeeDeposit: f.zero(), FeeRefresh: f.zero(), FeeRefund: f.zero(),
	}
	start := f.now.Add(-backdated)
	for i, key := range rsaKeys {
		later := time.Duration(len(rsaKeys)-1-i) * withdrawFor
		d, err := f.denomination(g, key, start.Add(later))
		if err != nil {
			return taler.DenominationGroup{}, err
		}
		g.Denoms = append(g.Denoms, d)
	}
	return g, nil
}

func (f offline) denomination(g taler.DenominationGroup, key *rsa.PrivateKey, start time.Time) (taler.DenominationKey, error) {
	pub, err := crypto.NewRSAPublicKey(&key.PublicKey)
	if err != nil {
		return taler.DenominationKey{}, err
	}
	d := crypto.Denomination{
		Master: f.master.Public(), Denom: denomHash(pub), Value: g.Value,
		Start:          crypto.At(start),
		ExpireWithdraw: crypto.At(start.Add(withdrawFor)),
		ExpireDeposit:  crypto.At(start.Add(depositFor)),
		ExpireLegal:    crypto.At(start.Add(legalFor)),
		FeeWithdraw:    g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund,
	}
	return taler.DenominationKey{
		MasterSig:  f.master.Sign(d.Message()),
		StampStart: d.Start, StampExpireWithdraw: d.ExpireWithdraw,
		StampExpireDeposit: d.ExpireDeposit, StampExpireLegal: d.ExpireLegal,
		RSAPub: pub.Encode(),
	}, nil
}

func (f offline) signKey() taler.SignKey {
	start := f.now.Add(-backdated)
	s := crypto.SigningKey{
		Start:  crypto.At(start),
		Expire: crypto.At(start.Add(signFor)),
		End:    crypto.At(start.Add(signProofFor)),
		Key:    f.signing.Public(),
	}
	return taler.SignKey{
		StampStart: s.Start, StampExpire: s.Expire, StampEnd: s.End,
		MasterSig: f.master.Sign(s.Message()), Key: s.Key,
	}
}

func (f offline) account() (taler.ExchangeAccount, error) {
	message, err := crypto.Account{PaytoURI: string(f.o.Account)}.Message()
	return taler.ExchangeAccount{PaytoURI: f.o.Account, MasterSig: f.master.Sign(message)}, err
}

func (f offline) wireFee() taler.WireFee {
	from, to := f.feeYears()
	w := crypto.WireFee{Method: f.o.Account.Kind(), Start: from, End: to, Wire: f.zero(), Closing: f.zero()}
	return taler.WireFee{
		WireFee: w.Wire, ClosingFee: w.Closing, StartDate: w.Start, EndDate: w.End,
		Sig: f.master.Sign(w.Message()),
	}
}

func (f offline) globalFee() taler.GlobalFee {
	from, to := f.feeYears()
	g := crypto.GlobalFee{
		Start: from, End: to,
		PurseTimeout: crypto.Lasting(time.Hour), HistoryExpiration: crypto.Lasting(7 * year),
		History: f.zero(), Account: f.zero(), Purse: f.zero(), PurseAccountLimit: 5,
	}
	return taler.GlobalFee{
		StartDate: g.Start, EndDate: g.End, HistoryFee: g.History, AccountFee: g.Account, PurseFee: g.Purse,
		HistoryExpiration: g.HistoryExpiration, PurseTimeout: g.PurseTimeout, PurseAccountLimit: g.PurseAccountLimit,
		MasterSig: f.master.Sign(g.Message()),
	}
}

// feeYears are whole calendar years, as long as a denomination may be of use.
func (f offline) feeYears() (from, to taler.Timestamp) {
	y := f.now.UTC().Year()
	january := func(y int) taler.Timestamp { return crypto.At(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)) }
	return january(y), january(y + 5)
}

func (f offline) zero() instrument.Amount { return instrument.ZeroOf(f.o.Currency) }

// masterSigs are the signatures over the denominations, in the document's order.
func masterSigs(k taler.Keys) (sigs []taler.EddsaSignature) {
	for _, g := range k.Denominations {
		for _, d := range g.Denoms {
			sigs = append(sigs, d.MasterSig)
		}
	}
	return sigs
}
