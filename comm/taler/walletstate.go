package taler

import (
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Reserve is the wallet's state of a taler-reserve instance: a key to which the
// bank sends money at the exchange, and the coins that are being made of it. It
// is stored before anybody sees ReservePub, and holds the exact request before
// the exchange sees that. Secrets are inside: never show it whole.
type Reserve struct {
	Exchange    instrument.ID  `json:"exchange"` // the taler-exchange instance
	ExchangeURL string         `json:"exchange_url"`
	BankURL     string         `json:"bank_url,omitempty"` // of the integration API; empty for a manual withdrawal
	WOPID       WithdrawalID   `json:"wopid,omitzero"`
	Amount      Amount         `json:"amount"` // what shall arrive; zero as long as only the payment will say
	ReservePub  EddsaPublicKey `json:"reserve_pub"`
	ReservePriv StoredSecret   `json:"reserve_priv"`
	Seed        StoredSecret   `json:"seed"`                       // all coins follow from it
	Account     Payto          `json:"selected_account,omitempty"` // of the exchange
	Created     int64          `json:"created"`                    // unix seconds
	Agreed      *Agreed        `json:"agreed,omitempty"`           // nil in what older builds have stored

	Remainder Amount         `json:"remainder"`       // of Amount, as far as it arrived, not made into coins
	Batch     *WithdrawBatch `json:"batch,omitempty"` // on its way to the exchange, or to be sent again
	NextCoin  uint32         `json:"next_coin"`       // first number of the seed that was never sent
	Lacks     string         `json:"lacks,omitempty"` // a protocol that the exchange announced and did not have

	// Surplus is what arrived beyond Amount. It stays at the exchange, and goes
	// back when the reserve is closed.
	Surplus Amount `json:"surplus,omitzero"`

	Coins int    `json:"coins"` // made so far
	Value Amount `json:"value"` // of these coins
	Fees  Amount `json:"fees"`  // paid for them

	Reason   string    `json:"reason,omitempty"`   // why it was aborted or failed
	Evidence *Evidence `json:"evidence,omitempty"` // the exchange's last refusal
	Proof    *Evidence `json:"proof,omitempty"`    // of its fault: an answer with a wrong signature; kept for good

	// GivenUp are the requests that were given up by a refusal that nobody has signed,
	// with that; kept for good. The seed makes their coins' secrets again.
	GivenUp []Evidence `json:"given_up,omitempty"`
}

// Agreed is what a person was shown of the fees of a withdrawal and has said yes to.
// Nothing beyond it is paid or taken before they are asked again.
type Agreed struct {
	CardFees Amount  `json:"card_fees,omitzero"` // the bank's, on top of the amount; zero: none
	Fees     *Amount `json:"fees,omitempty"`     // the exchange's, for all coins; nil: not known then, for the payment says the amount
}

// Form is the protocol of a batch.
func (b WithdrawBatch) Form() string {
	if b.Protocol == "" {
		return ProtocolBatchWithdraw
	}
	return b.Protocol
}

// Statuses of a taler-reserve.
const (
	ReserveCreated  = "created"  // stored here, not named to anybody
	ReserveSelected = "selected" // the bank sends the money to it
	ReserveSent     = "sent"     // the exchange may have seen the batch: only the same bytes may follow
	ReserveDone     = "done"     // final: the coins are here
	ReserveAborted  = "aborted"  // the money never came, or went back; if it is there after all, coins can be made of it
	ReserveFailed   = "failed"   // the exchange signed wrongly: everything is kept, and only the same bytes may follow
)

// WithdrawBatch is one request for coins, frozen: the plan, the numbers of the
// coins, and the exact bytes that are sent, as often as needed.
type WithdrawBatch struct {
	// Protocol is the form in which it was made and is sent; empty in what older
	// builds have stored: ProtocolBatchWithdraw.
	Protocol string `json:"protocol,omitempty"`

	// MasterPub is the master key under which the plan's denominations were verified;
	// zero in what older builds have stored.
	MasterPub EddsaPublicKey `json:"master_pub,omitzero"`

	Plan  []PlannedCoins `json:"plan"`
	First uint32         `json:"first"` // number of the first coin; they follow in the order of the plan
	Body  []byte         `json:"body"`

	// Clean says that every send of it was answered, so that there are no coins of
	// it. It is false while a send is on its way, and in what older builds have
	// stored: then only a refusal with its proof is one.
	Clean bool `json:"clean,omitempty"`

	// Refused is the reason of a refusal that nobody has signed. It ends the batch
	// only when what the exchange shows bears it out.
	Refused fault.Reason `json:"refused,omitempty"`
}

// PlannedCoins are coins of one denomination, kept with the denomination as it
// was verified.
type PlannedCoins struct {
	Denomination Denomination `json:"denomination"`
	Count        int          `json:"count"`
}

// Evidence is a request and its answer, kept word by word; of a refusal no more than its
// beginning.
type Evidence struct {
	Request  []byte `json:"request,omitempty"`
	Status   int    `json:"status"`
	Response []byte `json:"response"`
	At       int64  `json:"at"`
}

// Coin is the wallet's state of a taler-coin instance: digital cash. Whoever
// knows CoinPriv can spend it.
type Coin struct {
	Value         Amount         `json:"value"`
	Fee           Amount         `json:"fee"` // paid at the withdrawal
	ExchangeURL   string         `json:"exchange_url"`
	MasterPub     EddsaPublicKey `json:"master_pub,omitzero"` // of the exchange then; zero: its first one, in what older builds have stored
	CoinPub       EddsaPublicKey `json:"coin_pub"`
	CoinPriv      StoredSecret   `json:"coin_priv"`
	Denom         Blob           `json:"denom"` // the denomination's RSA key
	DenomPubHash  HashCode       `json:"denom_pub_hash"`
	Signature     Blob           `json:"signature"`
	BlindingKey   StoredSecret   `json:"blinding_key"` // a recoup needs it
	CoinEvHash    HashCode       `json:"coin_ev_hash"`
	Index         uint32         `json:"index"` // within the reserve's seed
	Batch         uint32         `json:"batch"` // index of the first coin of its request: what was asked for together
	ReservePub    EddsaPublicKey `json:"reserve_pub"`
	ExpireDeposit Timestamp      `json:"expire_deposit"`
}

// Statuses of a taler-coin.
const (
	CoinFresh = "fresh"
	CoinSpent = "spent" // final
)

// Verified reports whether the coin is what it says: its private key fits its
// public key, and the denomination signed it.
func (c Coin) Verified() bool {
	priv, err := c.CoinPriv.EddsaPrivateKey()
	if err != nil || priv.Public() != c.CoinPub {
		return false
	}
	denom, err := taler.ParseRSAPublicKey(c.Denom)
	if err != nil || taler.DenomHash(0, taler.CipherRSA, c.Denom) != c.DenomPubHash {
		return false
	}
	hash := taler.CoinPubHash(c.CoinPub, ShortHash{})
	return denom.Verify(hash[:], c.Signature)
}
