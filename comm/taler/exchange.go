package taler

import "encoding/json"

// Ciphers of denominations.
const (
	CipherRSA = "RSA"
	CipherCS  = "CS"
)

// ExchangeConfig is the answer to GET /config of an exchange.
type ExchangeConfig struct {
	Name                  string                 `json:"name"` // ExchangeName
	Version               Version                `json:"version"`
	Implementation        string                 `json:"implementation,omitempty"`
	Currency              string                 `json:"currency"`
	CurrencySpecification *CurrencySpecification `json:"currency_specification,omitempty"`
	ShoppingURL           string                 `json:"shopping_url,omitempty"`
	KYCRequirements       []json.RawMessage      `json:"supported_kyc_requirements"`
	BalanceLimits         []Amount               `json:"wallet_balance_limit_without_kyc"`
}

// MarshalJSON writes lists of nothing as [].
func (c ExchangeConfig) MarshalJSON() ([]byte, error) {
	type plain ExchangeConfig
	c.KYCRequirements, c.BalanceLimits = list(c.KYCRequirements), list(c.BalanceLimits)
	return json.Marshal(plain(c))
}

// ReserveStatus is the answer to GET /reserves/PUB once money has arrived. When the
// reserve is closed (reserve_expiration) nothing here depends on, so it is not read.
type ReserveStatus struct {
	Balance         Amount `json:"balance"`
	LastOrigin      string `json:"last_origin,omitempty"`       // a payto URI as a bank has spelt it: for people, and not read
	MaximumAgeGroup int    `json:"maximum_age_group,omitempty"` // above 0: only for wallets that know age restriction
}

// BatchWithdrawRequest asks a reserve for coins: 1 to MaxPlanchets of them, no
// two alike. The same request again gets the same answer and costs nothing.
type BatchWithdrawRequest struct {
	Planchets []Planchet `json:"planchets"`
}

// MaxPlanchets is the largest batch that an exchange takes (TALER_MAX_FRESH_COINS).
const MaxPlanchets = 256

// Planchet is a coin to be, blinded, with the reserve's signature.
type Planchet struct {
	DenomPubHash HashCode       `json:"denom_pub_hash"`
	CoinEv       CoinEnvelope   `json:"coin_ev"`
	ReserveSig   EddsaSignature `json:"reserve_sig"`
}

// CoinEnvelope is the blinded hash of a coin's key.
type CoinEnvelope struct {
	Cipher             string `json:"cipher"`
	RSABlindedPlanchet Blob   `json:"rsa_blinded_planchet,omitempty"`
}

// BatchWithdrawResponse holds a blind signature for each planchet, in order.
type BatchWithdrawResponse struct {
	EvSigs []EvSig `json:"ev_sigs"`
}

// WithdrawRequest asks a reserve for coins since protocol 26: one signature for
// all of them. The same request again gets the same answer and costs nothing.
type WithdrawRequest struct {
	Cipher     string         `json:"cipher"` // of the reserve's key: CipherEddsa
	ReservePub EddsaPublicKey `json:"reserve_pub"`
	DenomsH    []HashCode     `json:"denoms_h"`
	CoinEvs    []CoinEnvelope `json:"coin_evs"`
	ReserveSig EddsaSignature `json:"reserve_sig"`
}

// CipherEddsa is the kind of a reserve's key.
const CipherEddsa = "ED25519"

// WithdrawResponse holds a blind signature for each coin, in order and without
// the wrapping of BatchWithdrawResponse.
type WithdrawResponse struct {
	EvSigs []BlindSignature `json:"ev_sigs"`
}

// EvSig wraps a blind signature.
type EvSig struct {
	EvSig BlindSignature `json:"ev_sig"`
}

// BlindSignature is an exchange's signature over an envelope.
type BlindSignature struct {
	Cipher              string `json:"cipher"`
	BlindedRSASignature Blob   `json:"blinded_rsa_signature,omitempty"`
}

// ExchangeError is an exchange's refusal with whatever proof comes along. Which
// members are set depends on the code; the signature is checked by whoever acts
// on it.
type ExchangeError struct {
	ErrorDetail
	Balance           Amount         `json:"balance,omitzero"`          // CodeInsufficientFunds
	RequestedAmount   Amount         `json:"requested_amount,omitzero"` // CodeInsufficientFunds
	HDenomPub         *HashCode      `json:"h_denom_pub,omitempty"`     // the denomination codes; may be all zeros
	Timestamp         Timestamp      `json:"timestamp,omitzero"`
	Oper              string         `json:"oper,omitempty"` // CodeDenominationExpired and …NotYet: "batch-withdraw"
	ExchangePub       EddsaPublicKey `json:"exchange_pub,omitzero"`
	ExchangeSig       EddsaSignature `json:"exchange_sig,omitzero"`
	MaximumAllowedAge int            `json:"maximum_allowed_age,omitempty"`
	HPayto            ShortHash      `json:"h_payto,omitzero"` // CodeKYCRequired
	RequirementRow    uint64         `json:"requirement_row,omitempty"`
	AccountPub        EddsaPublicKey `json:"account_pub,omitzero"`
	BadKYCAuth        bool           `json:"bad_kyc_auth,omitempty"`
}

// MarshalJSON leaves out amounts that are absent, but not a balance of nothing.
func (e ExchangeError) MarshalJSON() ([]byte, error) {
	type plain ExchangeError
	return json.Marshal(struct {
		plain
		Balance         *Amount `json:"balance,omitempty"`
		RequestedAmount *Amount `json:"requested_amount,omitempty"`
	}{plain(e), present(e.Balance), present(e.RequestedAmount)})
}

// list makes a list of nothing one that is written as [].
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
