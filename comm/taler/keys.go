package taler

import "encoding/json"

// Keys is the answer to GET /keys of an exchange, protocol 23. Members that are
// signed as JSON are kept as they came; lists keep their order, which is signed
// as well. Its signatures are not checked here: verify them before you rely on it
// (crypto/taler).
type Keys struct {
	Version               Version               `json:"version"`
	BaseURL               string                `json:"base_url"`
	Currency              string                `json:"currency"`
	CurrencySpecification CurrencySpecification `json:"currency_specification"`
	HardLimits            []HardLimit           `json:"hard_limits"`
	ZeroLimits            []ZeroLimit           `json:"zero_limits"`
	StefanAbs             Amount                `json:"stefan_abs"`
	StefanLog             Amount                `json:"stefan_log"`
	StefanLin             json.RawMessage       `json:"stefan_lin"` // a ratio, not money
	AssetType             string                `json:"asset_type"`
	RewardsAllowed        bool                  `json:"rewards_allowed"`
	MasterPublicKey       EddsaPublicKey        `json:"master_public_key"`
	ReserveClosingDelay   RelativeTime          `json:"reserve_closing_delay"`
	SignKeys              []SignKey             `json:"signkeys"`
	Recoup                []Recoup              `json:"recoup"`
	WADs                  []json.RawMessage     `json:"wads"`
	Accounts              []ExchangeAccount     `json:"accounts"`
	WireFees              map[string][]WireFee  `json:"wire_fees"` // by payto kind
	Denominations         []DenominationGroup   `json:"denominations"`
	Auditors              []Auditor             `json:"auditors"`
	GlobalFees            []GlobalFee           `json:"global_fees"`
	ListIssueDate         Timestamp             `json:"list_issue_date"`
	BalanceLimits         []Amount              `json:"wallet_balance_limit_without_kyc"`
	ShoppingURL           string                `json:"shopping_url,omitempty"`
	TinyAmount            Amount                `json:"tiny_amount,omitzero"`
	Extensions            json.RawMessage       `json:"extensions,omitempty"`
	ExtensionsSig         EddsaSignature        `json:"extensions_sig,omitzero"`
	ExchangePub           EddsaPublicKey        `json:"exchange_pub"`
	ExchangeSig           EddsaSignature        `json:"exchange_sig"`
}

// MarshalJSON writes lists of nothing as [], which readers insist on.
func (k Keys) MarshalJSON() ([]byte, error) {
	type plain Keys
	k.HardLimits, k.ZeroLimits, k.WADs = list(k.HardLimits), list(k.ZeroLimits), list(k.WADs)
	k.SignKeys, k.Recoup, k.Accounts = list(k.SignKeys), list(k.Recoup), list(k.Accounts)
	k.Denominations, k.Auditors, k.GlobalFees = list(k.Denominations), list(k.Auditors), list(k.GlobalFees)
	k.BalanceLimits = list(k.BalanceLimits)
	if k.WireFees == nil {
		k.WireFees = map[string][]WireFee{}
	}
	if len(k.StefanLin) == 0 {
		k.StefanLin = json.RawMessage("0.0")
	}
	return json.Marshal(plain(k))
}

// SignKey is a key with which the exchange signs from day to day.
type SignKey struct {
	StampStart  Timestamp      `json:"stamp_start"`
	StampExpire Timestamp      `json:"stamp_expire"`
	StampEnd    Timestamp      `json:"stamp_end"`
	MasterSig   EddsaSignature `json:"master_sig"`
	Key         EddsaPublicKey `json:"key"`
}

// Recoup names a revoked denomination.
type Recoup struct {
	HDenomPub HashCode `json:"h_denom_pub"`
}

// ExchangeAccount is a bank account of the exchange. Restrictions stay as they
// came: their JSON is hashed into MasterSig.
type ExchangeAccount struct {
	PaytoURI           Payto           `json:"payto_uri"`
	ConversionURL      string          `json:"conversion_url,omitempty"`
	BankLabel          string          `json:"bank_label,omitempty"`
	Priority           int64           `json:"priority"`
	DebitRestrictions  json.RawMessage `json:"debit_restrictions"`
	CreditRestrictions json.RawMessage `json:"credit_restrictions"`
	MasterSig          EddsaSignature  `json:"master_sig"`
}

// MarshalJSON writes no restrictions as [].
func (a ExchangeAccount) MarshalJSON() ([]byte, error) {
	type plain ExchangeAccount
	if a.DebitRestrictions == nil {
		a.DebitRestrictions = json.RawMessage("[]")
	}
	if a.CreditRestrictions == nil {
		a.CreditRestrictions = json.RawMessage("[]")
	}
	return json.Marshal(plain(a))
}

// WireFee is what the exchange charges for wiring, for a time.
type WireFee struct {
	WireFee    Amount         `json:"wire_fee"`
	ClosingFee Amount         `json:"closing_fee"`
	StartDate  Timestamp      `json:"start_date"`
	EndDate    Timestamp      `json:"end_date"`
	Sig        EddsaSignature `json:"sig"`
}

// DenominationGroup is denominations of equal value and fees. A group of an
// unknown cipher is kept: nothing can be withdrawn with it, but its signatures
// count in the signature over the list.
type DenominationGroup struct {
	Cipher      string            `json:"cipher"`
	AgeMask     uint32            `json:"age_mask,omitempty"`
	Value       Amount            `json:"value"`
	FeeWithdraw Amount            `json:"fee_withdraw"`
	FeeDeposit  Amount            `json:"fee_deposit"`
	FeeRefresh  Amount            `json:"fee_refresh"`
	FeeRefund   Amount            `json:"fee_refund"`
	Denoms      []DenominationKey `json:"denoms"`
}

// DenominationKey is one key with which coins of its group are signed. Stamps may
// lie ahead: the first key of a group need not be valid yet.
type DenominationKey struct {
	MasterSig           EddsaSignature `json:"master_sig"`
	StampStart          Timestamp      `json:"stamp_start"`
	StampExpireWithdraw Timestamp      `json:"stamp_expire_withdraw"`
	StampExpireDeposit  Timestamp      `json:"stamp_expire_deposit"`
	StampExpireLegal    Timestamp      `json:"stamp_expire_legal"`
	RSAPub              Blob           `json:"rsa_pub,omitempty"`
	CSPub               Blob           `json:"cs_pub,omitempty"`
	Lost                bool           `json:"lost,omitempty"` // the private key is gone: do not withdraw
}

// Auditor vouches for denominations.
type Auditor struct {
	AuditorPub       EddsaPublicKey        `json:"auditor_pub"`
	AuditorURL       string                `json:"auditor_url"`
	AuditorName      string                `json:"auditor_name"`
	DenominationKeys []AuditorDenomination `json:"denomination_keys"`
}

// AuditorDenomination is one denomination that an auditor vouches for.
type AuditorDenomination struct {
	DenomPubHash HashCode       `json:"denom_pub_h"`
	AuditorSig   EddsaSignature `json:"auditor_sig"`
}

// GlobalFee is what the exchange charges apart from coins, for a time.
type GlobalFee struct {
	StartDate         Timestamp      `json:"start_date"`
	EndDate           Timestamp      `json:"end_date"`
	HistoryFee        Amount         `json:"history_fee"`
	AccountFee        Amount         `json:"account_fee"`
	PurseFee          Amount         `json:"purse_fee"`
	HistoryExpiration RelativeTime   `json:"history_expiration"`
	PurseTimeout      RelativeTime   `json:"purse_timeout"`
	PurseAccountLimit uint32         `json:"purse_account_limit"`
	MasterSig         EddsaSignature `json:"master_sig"`
}
