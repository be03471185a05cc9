package taler

import (
	"encoding/json"

	"github.com/swaperoo/swaperoo/instrument"
)

// SigningKey is the master key's statement that Key signs online for the
// exchange from Start, for new matters until Expire; its signatures are proof
// until End.
type SigningKey struct {
	Start, Expire, End Timestamp
	Key                EddsaPublicKey
}

// Message is what the master key signs.
func (s SigningKey) Message() []byte {
	return SignedMessage(PurposeSigningKey, moment(s.Start), moment(s.Expire), moment(s.End), s.Key[:])
}

// Denomination is the master key's statement about one denomination: its times,
// its value and its fees. Denom is DenomHash of its key.
type Denomination struct {
	Master                                            EddsaPublicKey
	Start, ExpireWithdraw, ExpireDeposit, ExpireLegal Timestamp
	Value                                             instrument.Amount
	FeeWithdraw, FeeDeposit, FeeRefresh, FeeRefund    instrument.Amount
	Denom                                             HashCode
}

// Message is what the master key signs.
func (d Denomination) Message() []byte {
	return SignedMessage(PurposeDenomination, d.body()...)
}

func (d Denomination) body() [][]byte {
	return [][]byte{
		d.Master[:],
		moment(d.Start), moment(d.ExpireWithdraw), moment(d.ExpireDeposit), moment(d.ExpireLegal),
		amount(d.Value), amount(d.FeeWithdraw), amount(d.FeeDeposit), amount(d.FeeRefresh), amount(d.FeeRefund),
		d.Denom[:],
	}
}

// AuditedDenomination is an auditor's statement that it looks after a
// denomination as the master key has made it.
type AuditedDenomination struct {
	AuditorURL string
	Denomination
}

// Message is what the auditor's key signs.
func (d AuditedDenomination) Message() []byte {
	url := HashString(d.AuditorURL)
	return SignedMessage(PurposeAuditor, append([][]byte{url[:]}, d.body()...)...)
}

// Extensions is the master key's statement about the extensions of the protocol
// that the exchange has: the JSON object of the /keys document.
type Extensions struct{ Object json.RawMessage }

// Message is what the master key signs. It fails with fault.Invalid when the
// object has no canonical form.
func (e Extensions) Message() ([]byte, error) {
	h, err := HashJSON(e.Object)
	if err != nil {
		return nil, err
	}
	return SignedMessage(PurposeExtensions, h[:]), nil
}

// Account is the master key's statement that a bank account is the exchange's.
// The restrictions are the JSON arrays of the /keys document; an absent
// conversion URL is empty.
type Account struct {
	PaytoURI           string
	ConversionURL      string
	DebitRestrictions  json.RawMessage
	CreditRestrictions json.RawMessage
}

// Message is what the master key signs. It fails with fault.Invalid when the
// restrictions have no canonical form. Absent restrictions are an empty array.
func (a Account) Message() ([]byte, error) {
	var url HashCode // an absent URL is zero, not the hash of nothing
	if a.ConversionURL != "" {
		url = HashString(a.ConversionURL)
	}
	debit, err := hashRestrictions(a.DebitRestrictions)
	if err != nil {
		return nil, err
	}
	credit, err := hashRestrictions(a.CreditRestrictions)
	if err != nil {
		return nil, err
	}
	payto := FullPaytoHash(a.PaytoURI)
	return SignedMessage(PurposeAccount, payto[:], url[:], debit[:], credit[:]), nil
}

func hashRestrictions(array json.RawMessage) (HashCode, error) {
	if len(array) == 0 || string(array) == "null" {
		array = json.RawMessage("[]")
	}
	return HashJSON(array)
}

// WireFee is the master key's statement about the fees of a wire method between
// two moments.
type WireFee struct {
	Method     string
	Start, End Timestamp
	Wire       instrument.Amount
	Closing    instrument.Amount
}

// Message is what the master key signs.
func (f WireFee) Message() []byte {
	method := HashString(f.Method)
	return SignedMessage(PurposeWireFees, method[:], moment(f.Start), moment(f.End), amount(f.Wire), amount(f.Closing))
}

// GlobalFee is the master key's statement about the fees of accounts and purses
// between two moments.
type GlobalFee struct {
	Start, End              Timestamp
	PurseTimeout            RelativeTime
	HistoryExpiration       RelativeTime
	History, Account, Purse instrument.Amount
	PurseAccountLimit       uint32
}

// Message is what the master key signs.
func (f GlobalFee) Message() []byte {
	return SignedMessage(PurposeGlobalFees, moment(f.Start), moment(f.End),
		lasting(f.PurseTimeout), lasting(f.HistoryExpiration),
		amount(f.History), amount(f.Account), amount(f.Purse), u32(f.PurseAccountLimit))
}
