package taler

import (
	"fmt"
	"slices"
	"strings"
)

// ExchangeState is the state of a taler-exchange instance: an exchange that a
// wallet or terminal knows, with what it needs of the last /keys. Everything
// that came from the exchange was verified before it was stored. Times are unix
// seconds, 0 while not happened.
type ExchangeState struct {
	URL string `json:"url"` // base URL, ends with a slash
	// OwnURL is the base URL that the exchange names as its own, if that is another one. Nothing signs it.
	OwnURL   string `json:"own_url,omitempty"`
	Currency string `json:"currency,omitempty"`
	// Version is the exchange's protocol version at the last refresh.
	Version string `json:"version,omitempty"`
	// MasterPub is pinned at the first refresh, or by whoever made the instance,
	// and changes only when a person says so.
	MasterPub EddsaPublicKey `json:"master_pub,omitzero"`
	// Shown is another master key that the exchange has shown since: the alarm.
	Shown EddsaPublicKey `json:"shown_pub,omitzero"`
	// Former are the master keys that were trusted before, the oldest first.
	Former        []EddsaPublicKey  `json:"former_pubs,omitempty"`
	ClosingDelay  RelativeTime      `json:"closing_delay,omitzero"` // an unused reserve goes back after it
	Accounts      []ExchangeAccount `json:"accounts,omitempty"`
	SignKeys      []SignKey         `json:"signkeys,omitempty"`
	Denominations []Denomination    `json:"denominations,omitempty"` // of the latest /keys, those that coins may be made of
	// Foreign counts the denominations that were listed and of which no coins can
	// be made here: their cipher is not known or not RSA, or their keys are too short. Of
	// them, Schnorr are of Clause-Schnorr signatures, Restricted are restricted by age, and
	// Short have keys of fewer than MinDenominationBits.
	Foreign    int           `json:"foreign,omitempty"`
	Schnorr    int           `json:"schnorr,omitempty"`
	Restricted int           `json:"restricted,omitempty"`
	Short      int           `json:"short,omitempty"`
	HardLimits []HardLimit   `json:"hard_limits,omitempty"`
	ZeroLimits []ZeroLimit   `json:"zero_limits,omitempty"`
	KeysAt     int64         `json:"keys_at,omitempty"`
	KeysExpire int64         `json:"keys_expire,omitempty"` // refresh after it
	KeysTag    string        `json:"keys_tag,omitempty"`    // the ETag of the document that was verified
	Terms      ExchangeTerms `json:"terms,omitzero"`
}

// Statuses of a taler-exchange.
const (
	ExchangeNew     = "new"     // its keys were never read
	ExchangeActive  = "active"  // verified
	ExchangeAlarm   = "alarm"   // it shows another master key than the one that is trusted
	ExchangeRemoved = "removed" // a person has given it up; what they trusted is remembered
)

// MinDenominationBits is how long an RSA key is at least of which a wallet makes coins: those
// of a shorter one can be forged.
const MinDenominationBits = 2048

// ExchangeTerms is what was accepted of an exchange's terms of service.
type ExchangeTerms struct {
	Version         string `json:"version,omitempty"` // the latest that was shown
	AcceptedVersion string `json:"accepted_version,omitempty"`
	AcceptedAt      int64  `json:"accepted_at,omitempty"`
}

// NoneHere says why coins can be made here of no denomination that the exchange
// lists; empty: they can, or it lists none. That it lists none of any use at the time
// is another matter.
func (e ExchangeState) NoneHere() string {
	if len(e.Denominations) > 0 || e.Foreign == 0 {
		return ""
	}
	var of []string
	for _, kind := range []struct {
		n    int
		what string
	}{
		{e.Schnorr, "with Clause-Schnorr signatures"},
		{e.Restricted, "restricted by age"},
		{e.Short, fmt.Sprintf("with keys of fewer than %d bits", MinDenominationBits)},
		{e.Foreign - e.Schnorr - e.Restricted - e.Short, "of another cipher"},
	} {
		if kind.n > 0 {
			of = append(of, fmt.Sprintf("%d %s", kind.n, kind.what))
		}
	}
	return "of the denominations that the exchange lists none can be used by this wallet: " + strings.Join(of, ", ")
}

// Account is the first account of a payto kind that the bank's wire_types list
// and that takes money from the sender, as far as that is known; empty if there
// is none.
func (e ExchangeState) Account(wireTypes []string, sender Payto) Payto {
	for _, kind := range wireTypes {
		for _, a := range e.Accounts {
			if a.PaytoURI.Kind() == kind && a.Takes(sender) {
				return a.PaytoURI
			}
		}
	}
	return ""
}

// TransferAccount is the account to which a person sends money themselves, from one that
// nobody knows yet: the one that ranks highest, and of equal ones the first. Empty: it takes no
// transfers.
func (e ExchangeState) TransferAccount() Payto {
	var best *ExchangeAccount
	for n := range e.Accounts {
		if a := &e.Accounts[n]; a.Takes("") && (best == nil || slices.Compare(a.rank(), best.rank()) > 0) {
			best = a
		}
	}
	if best == nil {
		return ""
	}
	return best.PaytoURI
}

// rank orders accounts for whoever sends money. Of their priorities the highest is shown first, and
// a negative one not at all: such an account comes behind all others, for there may be none. Then
// an account in the exchange's own currency comes first.
func (a *ExchangeAccount) rank() []int64 {
	own := int64(0)
	if a.ConversionURL == "" {
		own = 1
	}
	return []int64{min(a.Priority, 0), own, a.Priority}
}

// HasAccount reports whether the exchange signed for an account.
func (e ExchangeState) HasAccount(p Payto) bool {
	return slices.ContainsFunc(e.Accounts, func(a ExchangeAccount) bool { return a.PaytoURI.Equal(p) })
}

// Denomination is one verified denomination of an exchange: RSA, without age
// restriction, not revoked and not lost. Whether it may be used now is a matter
// of its stamps.
type Denomination struct {
	DenomPubHash        HashCode  `json:"denom_pub_hash"`
	RSAPub              Blob      `json:"rsa_pub"`
	Value               Amount    `json:"value"`
	FeeWithdraw         Amount    `json:"fee_withdraw"`
	FeeDeposit          Amount    `json:"fee_deposit"`
	FeeRefresh          Amount    `json:"fee_refresh"`
	FeeRefund           Amount    `json:"fee_refund"`
	StampStart          Timestamp `json:"stamp_start"`
	StampExpireWithdraw Timestamp `json:"stamp_expire_withdraw"`
	StampExpireDeposit  Timestamp `json:"stamp_expire_deposit"`
	StampExpireLegal    Timestamp `json:"stamp_expire_legal"`
}
