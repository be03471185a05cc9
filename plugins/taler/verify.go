package taler

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// clockSkew is how far the exchange's clock may be from ours.
const clockSkew = time.Hour

// verified checks what a /keys document says against all of its signatures (Taler
// docs, core/exchange get-keys) and takes what a wallet needs of it. The master
// key has signed the online signing keys, denominations, accounts, fees and
// extensions; the signing key of this document the list of denominations as a
// whole; auditors the denominations that they look after. One wrong signature
// refuses it all, and the fault names the object.
func verified(keys taler.Keys, now time.Time) (taler.ExchangeState, error) {
	if err := speaks(keys.Version); err != nil {
		return taler.ExchangeState{}, err
	}
	if keys.MasterPublicKey.IsZero() {
		return taler.ExchangeState{}, malformed(fault.New(fault.Invalid, "it names no master key"))
	}
	if err := instrument.CheckCurrency(keys.Currency); err != nil {
		return taler.ExchangeState{}, malformed(err)
	}
	for _, check := range []func(taler.Keys) error{oneCurrency, verifySigners, verifyAccounts, verifyFees, verifyExtensions} {
		if err := check(keys); err != nil {
			return taler.ExchangeState{}, err
		}
	}
	if err := verifyList(keys, now); err != nil {
		return taler.ExchangeState{}, err
	}
	found, err := verifyDenominations(keys)
	if err != nil {
		return taler.ExchangeState{}, err
	}
	if err := verifyAuditors(keys, found); err != nil {
		return taler.ExchangeState{}, err
	}
	return taler.ExchangeState{
		Currency: keys.Currency, Version: keys.Version.String(), MasterPub: keys.MasterPublicKey, ClosingDelay: keys.ReserveClosingDelay,
		Accounts: keys.Accounts, SignKeys: keys.SignKeys, Denominations: found.usable(keys.Recoup), Foreign: found.foreign, Schnorr: found.schnorr, Restricted: found.restricted, Short: found.short,
		HardLimits: keys.HardLimits, ZeroLimits: keys.ZeroLimits,
	}, nil
}

// verifySigners checks that the master key made the online signing keys.
func verifySigners(keys taler.Keys) error {
	for _, k := range keys.SignKeys {
		statement := crypto.SigningKey{Start: k.StampStart, Expire: k.StampExpire, End: k.StampEnd, Key: k.Key}
		if !keys.MasterPublicKey.Verify(statement.Message(), k.MasterSig) {
			return forged("the online signing key %s", k.Key)
		}
	}
	return nil
}

// verifyList checks that a present signing key signed the list of denominations
// as it stands: none is missing, in this order.
func verifyList(keys taler.Keys, now time.Time) error {
	if !signerOf(keys.SignKeys, keys.ExchangePub, timestamp(now)) {
		for _, k := range keys.SignKeys {
			if k.Key == keys.ExchangePub {
				return untimely(k, now)
			}
		}
		return forged("the key %s that signs the list of denominations", keys.ExchangePub)
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

// signerOf reports whether a key is one with which the exchange signs at a time.
func signerOf(all []taler.SignKey, key taler.EddsaPublicKey, at taler.Timestamp) bool {
	return slices.ContainsFunc(all, func(k taler.SignKey) bool { return k.Key == key && signsAt(k, at) })
}

func signsAt(k taler.SignKey, at taler.Timestamp) bool {
	const skew = taler.Timestamp(clockSkew / time.Second)
	return k.StampStart <= at+skew && k.StampExpire > at-min(at, skew)
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
			return forged("the bank account %s", a.PaytoURI)
		}
	}
	return nil
}

// verifyFees checks what the exchange charges for wiring and apart from coins.
func verifyFees(keys taler.Keys) error {
	for _, method := range slices.Sorted(maps.Keys(keys.WireFees)) {
		for _, f := range keys.WireFees[method] {
			statement := crypto.WireFee{Method: method, Start: f.StartDate, End: f.EndDate, Wire: f.WireFee, Closing: f.ClosingFee}
			if !keys.MasterPublicKey.Verify(statement.Message(), f.Sig) {
				return forged("the wire fee of %q from %s on", method, f.StartDate)
			}
		}
	}
	for _, f := range keys.GlobalFees {
		statement := crypto.GlobalFee{
			Start: f.StartDate, End: f.EndDate, PurseTimeout: f.PurseTimeout, HistoryExpiration: f.HistoryExpiration,
			History: f.HistoryFee, Account: f.AccountFee, Purse: f.PurseFee, PurseAccountLimit: f.PurseAccountLimit,
		}
		if !keys.MasterPublicKey.Verify(statement.Message(), f.MasterSig) {
			return forged("the global fee from %s on", f.StartDate)
		}
	}
	return nil
}

// verifyExtensions checks the extensions of the protocol, if there are any.
func verifyExtensions(keys taler.Keys) error {
	if len(keys.Extensions) == 0 || string(keys.Extensions) == "null" {
		return nil
	}
	message, err := crypto.Extensions{Object: keys.Extensions}.Message()
	if err != nil {
		return malformed(err)
	}
	if !keys.MasterPublicKey.Verify(message, keys.ExtensionsSig) {
		return forged("the extensions")
	}
	return nil
}

// oneCurrency refuses a document in which any amount is of another currency.
func oneCurrency(keys taler.Keys) error {
	same := func(what string, amounts ...taler.Amount) error {
		for _, a := range amounts {
			if a.Currency != keys.Currency {
				return fault.New(fault.Invalid, "%s of the exchange is not in %s", what, keys.Currency).Because(taler.ReasonCurrencyMismatch).WithHint(tellOperator)
			}
		}
		return nil
	}
	err := same("a limit", keys.BalanceLimits...)
	for _, may := range []taler.Amount{keys.StefanAbs, keys.StefanLog, keys.TinyAmount} {
		if may != (taler.Amount{}) { // an exchange need not say it
			err = errors.Join(err, same("a default", may))
		}
	}
	for _, g := range keys.Denominations {
		err = errors.Join(err, same("a denomination", g.Value, g.FeeWithdraw, g.FeeDeposit, g.FeeRefresh, g.FeeRefund))
	}
	for _, method := range slices.Sorted(maps.Keys(keys.WireFees)) {
		for _, f := range keys.WireFees[method] {
			err = errors.Join(err, same("a wire fee", f.WireFee, f.ClosingFee))
		}
	}
	for _, f := range keys.GlobalFees {
		err = errors.Join(err, same("a global fee", f.HistoryFee, f.AccountFee, f.PurseFee))
	}
	for _, l := range keys.HardLimits {
		err = errors.Join(err, same("a limit", l.Threshold))
	}
	if first, ok := errors.AsType[*fault.Fault](err); ok {
		return first
	}
	return nil
}

// untimely is the fault for a key of the exchange's own that does not sign now: a
// clock is wrong, or nobody has renewed the keys.
func untimely(k taler.SignKey, now time.Time) error {
	return fault.New(fault.Denied, "the exchange signs with a key that is good from %s to %s, and here it is %s", k.StampStart, k.StampExpire, timestamp(now)).
		Because("signing-key-untimely").WithHint("look at the clock of this machine; if it is right, the exchange's operator has to renew the keys")
}

func forged(format string, args ...any) error {
	return fault.New(fault.Denied, "the exchange's signature of "+format+" is wrong", args...).
		Because("exchange-signature-invalid").WithHint("do not use this exchange; somebody may stand between you and it")
}
