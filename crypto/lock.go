package crypto

import (
	"bytes"
	"encoding/json"
	"io"

	"golang.org/x/crypto/argon2"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Lock is what opens a slot of a vault: a Passphrase or a KeyFile.
type Lock interface {
	kind() string
	// fresh chooses what the slot records beside the wrapped key.
	fresh(random io.Reader) (json.RawMessage, error)
	// key makes the wrapping key from what the slot recorded.
	key(recorded json.RawMessage) (Secret, error)
	// wrong is the error of a lock that does not fit.
	wrong() error
}

// Passphrase is the lock of a person. Making the key from it takes Argon2id
// with 64 MiB, so that guessing is slow; it is never done per request.
func Passphrase(word Secret) Lock { return passphrase{word, argonMemory} }

// QuickPassphrase is a Passphrase whose new slots cost next to no work, and that opens
// such slots: a Passphrase refuses them. It is for tests, which open vaults by the hundred.
func QuickPassphrase(word Secret) Lock { return passphrase{word, quickMemory} }

type passphrase struct {
	word   Secret
	memory uint32 // of a new slot, in KiB
}

// argon are the parameters of Argon2id (RFC 9106), recorded in the slot.
type argon struct {
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory_kib"`
	Threads uint8  `json:"threads"`
	Salt    []byte `json:"salt"`
}

// Parameters of new slots, and the bounds within which a vault may have others: 64 MiB in one pass
// by four lanes take 20 to 60 ms on small machines. Below the bounds a passphrase would be easily
// guessed; above them opening the vault would stop this machine.
const (
	argonTime, minTime, maxTime          = 1, 1, 16
	argonMemory, minMemory, maxMemory    = 64 << 10, 19 << 10, 1 << 20
	argonThreads, minThreads, maxThreads = 4, 1, 16
	quickMemory                          = 64 // of a QuickPassphrase
	saltSize                             = 16
	maxSalt                              = 64
)

func (p passphrase) kind() string { return "passphrase" }

func (p passphrase) fresh(random io.Reader) (json.RawMessage, error) {
	if p.word.Len() == 0 {
		return nil, fault.New(fault.Invalid, "a passphrase cannot be empty").Because("passphrase-empty")
	}
	salt, err := RandomSecret(random, saltSize)
	if err != nil {
		return nil, err
	}
	return json.Marshal(argon{argonTime, p.memory, argonThreads, salt.Bytes()})
}

func (p passphrase) key(recorded json.RawMessage) (Secret, error) {
	var a argon
	if err := json.Unmarshal(recorded, &a); err != nil {
		return Secret{}, badVault(err)
	}
	if same, err := json.Marshal(a); err != nil || !sameJSON(same, recorded) {
		return Secret{}, badVault(err)
	}
	if a.Time < minTime || a.Time > maxTime || a.Memory < min(minMemory, p.memory) || a.Memory > maxMemory ||
		a.Threads < minThreads || a.Threads > maxThreads || len(a.Salt) < saltSize || len(a.Salt) > maxSalt {
		return Secret{}, fault.New(fault.Invalid, "the vault asks for unreasonable work to open it").Because("vault-parameters")
	}
	out := argon2.IDKey(p.word.reveal(), a.Salt, a.Time, a.Memory, a.Threads, KeySize)
	defer clear(out)
	return NewSecret(out), nil
}

// sameJSON reports whether b differs from a, which has no white space, only by white space.
func sameJSON(a, b []byte) bool {
	var c bytes.Buffer
	return json.Compact(&c, b) == nil && bytes.Equal(a, c.Bytes())
}

func (p passphrase) wrong() error {
	return fault.New(fault.Denied, "this is not the passphrase").Because("wrong-passphrase")
}

// KeyFile is the lock of a server or an agent: a file that CreateKeyFile made.
func KeyFile(path string) Lock { return keyFile{path} }

type keyFile struct{ path string }

func (k keyFile) kind() string { return "key-file" }

func (k keyFile) fresh(io.Reader) (json.RawMessage, error) { return nil, nil }

func (k keyFile) key(json.RawMessage) (Secret, error) {
	secret, err := readKeyFile(k.path)
	if err != nil {
		return Secret{}, err
	}
	defer secret.Wipe()
	return expand(secret, "swaperoo key file v1"), nil
}

func (k keyFile) wrong() error {
	return fault.New(fault.Denied, "the key file %s does not open this vault", k.path).Because("wrong-key-file")
}
