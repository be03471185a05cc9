package instrument

// Sealer is what the Manager needs of the Cryptographic Engine (paper §3).
type Sealer interface {
	// Seal encrypts plain and authenticates it together with ad.
	Seal(plain, ad []byte) ([]byte, error)
	// Open is the reverse; it fails when the bytes or ad are not those of Seal.
	Open(sealed, ad []byte) ([]byte, error)
	// Blind is a keyed hash of value that cannot be turned back without the key.
	Blind(label, value string) []byte
}

// Tx is what a change may do, in an operation as well as in Manager.Update. A
// closure over a Tx sees copies, does no I/O, reads no clock and assigns
// captured variables but never accumulates: it may run again from the start.
type Tx interface {
	// Get reads an instance.
	Get(id ID) (Instance, error)
	// Find looks a unique key up; fault.NotFound.
	Find(class ClassID, key, value string) (ID, error)
	// Create adds an instance; its ID may be left empty.
	Create(i Instance) (ID, error)
	// Put changes an instance that was read in this Tx or is leased.
	Put(i Instance) error
}
