package taler

// DenominationList is the online signing key's statement that these are all the
// denominations of a /keys document. MasterSigs stand in the document's order:
// group by group, and never sorted.
type DenominationList struct {
	Issued     Timestamp
	MasterSigs []EddsaSignature
}

// Message is what the online signing key signs.
func (l DenominationList) Message() []byte {
	joined := make([]byte, 0, len(l.MasterSigs)*len(EddsaSignature{}))
	for _, sig := range l.MasterSigs {
		joined = append(joined, sig[:]...)
	}
	all := H(joined)
	return SignedMessage(PurposeDenominations, moment(l.Issued), all[:])
}

// DenominationUnknown is the exchange's proof that it does not know a
// denomination.
type DenominationUnknown struct {
	At    Timestamp
	Denom HashCode
}

// Message is what the online signing key signs.
func (d DenominationUnknown) Message() []byte {
	return SignedMessage(PurposeDenominationUnknown, moment(d.At), d.Denom[:])
}

// DenominationExpired is the exchange's proof that a denomination cannot be used
// for an operation now, because its time is over or has not come. Only the
// first eight bytes of the operation's name are signed.
type DenominationExpired struct {
	At        Timestamp
	Operation string
	Denom     HashCode
}

// Message is what the online signing key signs.
func (d DenominationExpired) Message() []byte {
	var operation [8]byte
	copy(operation[:], d.Operation)
	return SignedMessage(PurposeDenominationExpired, moment(d.At), operation[:], d.Denom[:])
}
