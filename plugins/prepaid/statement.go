package prepaid

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/instrument"
)

// statement is what the vendor says of an account: what went in and out since it
// was opened, and which counters were taken.
type statement struct {
	Account  string            `json:"account"`
	Seq      uint64            `json:"seq"` // of the change after which it holds
	Credited instrument.Amount `json:"credited"`
	Spent    instrument.Amount `json:"spent"`
	Refunded instrument.Amount `json:"refunded"`
	marks
	Time int64 `json:"time"` // unix seconds, by the vendor's clock
}

// balance is credited + refunded - spent; fault.Invalid if that is no sum.
func (s statement) balance() (instrument.Amount, error) {
	in, err := s.Credited.Add(s.Refunded)
	if err != nil {
		return instrument.Amount{}, err
	}
	return in.Sub(s.Spent)
}

// follows refuses a statement that takes back what an earlier one said.
func (s statement) follows(before statement) error {
	for _, pair := range [][2]instrument.Amount{
		{before.Credited, s.Credited},
		{before.Spent, s.Spent},
		{before.Refunded, s.Refunded},
	} {
		if c, err := pair[0].Cmp(pair[1]); err != nil || c > 0 {
			return fault.New(fault.Invalid, "the sums of an account cannot go down").Because("statement-differs")
		}
	}
	if s.High < before.High || s.Account != before.Account {
		return fault.New(fault.Invalid, "a statement is of another account, or older").Because("statement-differs")
	}
	return nil
}

// receipt is the vendor's answer to OPEN, PAY and BALANCE: the account's
// statement, and of PAY the payment that it answers. It is the result of all
// three at the wallet, too.
type receipt struct {
	Payment   instrument.OperationID `json:"payment,omitempty"`
	Counter   uint64                 `json:"counter,omitempty"`
	Amount    instrument.Amount      `json:"amount,omitzero"`
	Statement statement              `json:"statement"`
	Proof     *proof                 `json:"proof,omitempty"`     // of the highest counter, where it is not this payment's
	Key       string                 `json:"key"`                 // that receipts of this account are signed with
	Signature []byte                 `json:"signature,omitempty"` // empty in prepaid.plain
}

func (r receipt) text() ([]byte, error) {
	r.Signature = nil
	return signable("receipt", &r)
}

// order is what a payment's signature covers. Offer and operation are not sent:
// both sides have their own.
type order struct {
	Account   string                 `json:"account"`
	Offer     string                 `json:"offer"`
	Operation instrument.OperationID `json:"operation"`
	Amount    instrument.Amount      `json:"amount"`
	Counter   uint64                 `json:"counter"`
	Spent     instrument.Amount      `json:"spent"`
}

func (o order) text() ([]byte, error) { return signable("payment", &signedOrder{o}) }

// query is what the signature of BALANCE or REFUND covers.
type query struct {
	Account   string                 `json:"account"`
	Operation instrument.OperationID `json:"operation"`
}

func (q query) text(operation string) ([]byte, error) { return signable(strings.ToLower(operation), q) }

// signable says what a signature is for and what it covers: no signature of one
// kind is one of another. The JSON of these types has one spelling.
func signable(what string, v any) ([]byte, error) {
	text := make([]byte, 0, 448)
	for _, part := range []string{"swaperoo prepaid ", what, " 1\x00"} {
		text = append(text, part...)
	}
	return instrument.AppendJSON(text, v)
}

// key is an Ed25519 private key in a state: base64 of its 64 bytes. Of its text it has the methods
// that hide it.
type key struct{ masked.Text }

func newKey(seed []byte) key {
	private := ed25519.NewKeyFromSeed(seed)
	defer clear(private)
	return key{masked.Text(base64.RawURLEncoding.EncodeToString(private))}
}

func (k key) private() (ed25519.PrivateKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(string(k.Text))
	if err != nil || len(raw) != ed25519.PrivateKeySize {
		return nil, fault.New(fault.Invalid, "an account is opened with its vendor, it is not written by hand").Because("account-malformed")
	}
	return raw, nil
}

// public is the text of the public key; empty if there is no key.
func (k key) public() string {
	private, err := k.private()
	if err != nil {
		return ""
	}
	defer clear(private)
	text := keyText(private[ed25519.SeedSize:])
	return string(text[:])
}

// keyTextLen is how long the text of a public key is.
const keyTextLen = (8*ed25519.PublicKeySize + 5) / 6

// keyText is the one spelling of a public key.
func keyText(public []byte) (text [keyTextLen]byte) {
	base64.RawURLEncoding.Encode(text[:], public)
	return text
}

func (k key) sign(text []byte) ([]byte, error) {
	private, err := k.private()
	if err != nil {
		return nil, err
	}
	defer clear(private)
	return ed25519.Sign(private, text), nil
}

// MarshalText writes the key itself, for the sealed state.
func (k key) MarshalText() ([]byte, error) { return []byte(k.Text), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *key) UnmarshalText(text []byte) error {
	k.Text = masked.Text(text)
	return nil
}

// verify reports whether the holder of the key with that public text signed.
func verify(public string, text, signature []byte) bool {
	k, err := publicKey(public)
	return err == nil && ed25519.Verify(k, text, signature)
}

// publicKey reads the text of a public key, in its one spelling.
func publicKey(text string) (ed25519.PublicKey, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil && len(raw) == ed25519.PublicKeySize {
		if spelled := keyText(raw); string(spelled[:]) == text {
			return raw, nil
		}
	}
	return nil, fault.New(fault.Invalid, "the number of an account is the text of its key").Because("account-malformed")
}
