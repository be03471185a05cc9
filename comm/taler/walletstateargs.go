package taler

import "github.com/swaperoo/swaperoo/instrument"

// PreviewArgs are the arguments of PREVIEW.
type PreviewArgs struct {
	Exchange instrument.ID `json:"exchange"` // the taler-exchange instance
	Amount   Amount        `json:"amount"`
	Held     Amount        `json:"held,omitzero"` // what the wallet has there already, for the exchange's limit
}

// PreviewResult is what an amount becomes at an exchange today.
type PreviewResult struct {
	Coins         int            `json:"coins"`
	Amount        Amount         `json:"amount"` // value of the coins
	Fees          Amount         `json:"fees"`   // for withdrawing them
	Denominations []PreviewCoins `json:"denominations"`
	Remainder     Amount         `json:"remainder"` // too small for any coin; goes back in the end
	// Identify says that the exchange will want to know who the person is before
	// it makes these coins.
	Identify bool `json:"identify,omitempty"`
}

// PreviewCoins are coins of one value.
type PreviewCoins struct {
	Value Amount `json:"value"`
	Count int    `json:"count"`
}

// PrepareArgs are the arguments of PREPARE. Without BankURL
// and WOPID it is a manual withdrawal: the person sends the money.
type PrepareArgs struct {
	Exchange instrument.ID `json:"exchange"`
	BankURL  string        `json:"bank_url,omitempty"`
	WOPID    WithdrawalID  `json:"wopid,omitzero"`
	Amount   Amount        `json:"amount"`
	Open     bool          `json:"open,omitempty"`    // Amount is zero: it comes with the payment
	Account  Payto         `json:"account,omitempty"` // of the exchange, as its /keys spell it
	Agreed   *Agreed       `json:"agreed,omitempty"`  // by the person; nil: nobody was asked, and nobody will be
}

// PrepareResult names the reserve.
type PrepareResult struct {
	Reserve    instrument.ID  `json:"reserve"`
	ReservePub EddsaPublicKey `json:"reserve_pub"`
}

// ProveArgs are the arguments of PROVE.
type ProveArgs struct {
	Message []byte `json:"message"`
}

// ProveResult is the reserve key's signature over ReserveProof(message).
type ProveResult struct {
	Signature []byte `json:"signature"`
}

// AwaitArgs are the arguments of AWAIT.
type AwaitArgs struct {
	TimeoutMS int64 `json:"timeout_ms,omitempty"` // how long the exchange may hold the answer; at most 30000
}

// AwaitResult says whether the money has arrived at the exchange.
type AwaitResult struct {
	Exists  bool   `json:"exists"`
	Balance Amount `json:"balance"`
}

// WithdrawArgs are the arguments of WITHDRAW.
type WithdrawArgs struct {
	// Balance is what AWAIT has seen, if it was asked: no more than it is planned.
	Balance Amount `json:"balance"`
	// Fees is what the person has agreed to meanwhile that all coins may cost; zero:
	// what the reserve says.
	Fees Amount `json:"fees,omitzero"`
}

// WithdrawResult is what the wallet got.
type WithdrawResult struct {
	Coins  int    `json:"coins"`
	Amount Amount `json:"amount"` // value of the coins
	Fees   Amount `json:"fees"`
}

// AbandonArgs are the arguments of ABANDON.
type AbandonArgs struct {
	Reason string `json:"reason"`
	// Empty says that the exchange was asked and has nothing for the reserve: then one
	// may be given up of which coins were asked for.
	Empty bool `json:"empty,omitempty"`
	// Forgo is the person's word besides: also one of which an answer is missing may be
	// given up then.
	Forgo bool `json:"forgo,omitempty"`
}

// RefreshArgs are the arguments of taler.exchange REFRESH; they may be missing.
type RefreshArgs struct {
	// MasterPub is the exchange's master key from now on, by a person's word: it has
	// to show this one. Zero is the one that is trusted, or the first that it shows.
	MasterPub EddsaPublicKey `json:"master_pub,omitzero"`
}

// TermsArgs are the arguments of taler.exchange TERMS; they may be missing.
type TermsArgs struct {
	From      int    `json:"from,omitempty"`      // the byte from which on the text is asked for
	Languages string `json:"languages,omitempty"` // that the person reads, as an Accept-Language says it
}

// TermsResult is the result of taler.exchange TERMS; all empty if the exchange
// has none. Of a long text it is a piece.
type TermsResult struct {
	Version string `json:"version"`
	Text    string `json:"text"`
	Type    string `json:"type"`           // media type
	Next    int    `json:"next,omitempty"` // where the next piece begins; 0: this was the last

	Language string `json:"language,omitempty"` // of the text, as the exchange says
}

// AcceptArgs are the arguments of taler.exchange ACCEPT.
type AcceptArgs struct {
	Version string `json:"version"`
	At      int64  `json:"at,omitempty"` // unix seconds; 0: now
}

// proofDomain cannot begin anything that Taler signs: those bytes begin with
// their own length.
const proofDomain = "swaperoo: proof of a reserve, version 1\n"

// ReserveProof is what a reserve key signs to show that its wallet speaks: a
// terminal takes a payment only from the wallet whose reserve was selected.
func ReserveProof(message []byte) []byte { return append([]byte(proofDomain), message...) }

// VerifyReserveProof checks a PROVE signature.
func VerifyReserveProof(reserve EddsaPublicKey, message, signature []byte) bool {
	var sig EddsaSignature
	if len(signature) != len(sig) {
		return false
	}
	return reserve.Verify(ReserveProof(message), EddsaSignature(signature))
}
