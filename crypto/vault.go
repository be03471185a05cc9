package crypto

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// Slot is one way into a vault: the name of its principal, and the lock that opens it.
type Slot struct {
	Name string
	Lock Lock
	// Owner, if set when the slot is made, is the owner of instruments that only this slot
	// opens: they get a key of their own.
	Owner string
}

// vault is the file, in JSON: one data key, wrapped once for each slot, and keys of owners, each
// sealed to the slots that may use it. Version 1 has no keys of owners and no code; it is read, and
// stays of version 1 until it is edited (EditVault).
type vault struct {
	Version int        `json:"version"`
	Slots   []keySlot  `json:"slots"`
	Owners  []ownerKey `json:"owners,omitempty"`
	Mixed   []string   `json:"mixed,omitempty"` // owners some of whose instruments are sealed under the data key
	Code    []byte     `json:"code,omitempty"`  // HMAC of all else, under the data key
}

type keySlot struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Derive  json.RawMessage `json:"derive,omitempty"` // how the wrapping key is made
	Wrapped []byte          `json:"wrapped"`          // the data key and, since version 2, the slot's private key
	Public  []byte          `json:"public,omitempty"` // to which keys of owners are sealed
}

const (
	vaultFirst   = 1
	vaultVersion = 2
	maxVault     = 1 << 20 // bytes that are read of a file
)

// CreateVault draws a data key, writes it to a new file wrapped once for each
// slot, and returns it. An existing file is fault.Conflict and is left alone:
// its key may be the only way to somebody's money. After a crash the file is
// there whole or not at all.
func CreateVault(path string, random io.Reader, slots ...Slot) (Secret, error) {
	if len(slots) == 0 {
		return Secret{}, fault.New(fault.Invalid, "a vault without a slot could never be opened").Because("vault-slots")
	}
	key, err := RandomSecret(random, KeySize)
	if err != nil {
		return Secret{}, err
	}
	e := &Edit{v: &vault{Version: vaultVersion}, keys: &Keys{Data: key}, random: random}
	for _, s := range slots {
		if err := e.AddSlot(s); err != nil {
			return Secret{}, err
		}
	}
	data, err := e.v.sign(key)
	if err != nil {
		return Secret{}, err
	}
	switch err := disk.Create(path, data); {
	case errors.Is(err, fs.ErrExist):
		return Secret{}, fault.Wrap(err, fault.Conflict, "there is already a vault at %s", path).Because("vault-exists")
	case err != nil:
		return Secret{}, fault.Wrap(err, fault.Internal, "the vault %s cannot be written", path)
	}
	return key, nil
}

// OpenVault returns the data key. It is fault.Denied if the lock does not fit, fault.NotFound
// without the file or the slot, and fault.Invalid if the file is no vault or was altered.
func OpenVault(path string, with Slot) (Secret, error) {
	k, err := OpenKeys(path, with)
	if err != nil {
		return Secret{}, err
	}
	return k.Data, nil
}

// ChangeSlot replaces the lock of a slot, as when a person changes the passphrase. The keys stay,
// so nothing is sealed anew; an old copy of the file with the old passphrase still opens them.
// After a crash either the old or the new lock opens the slot.
func ChangeSlot(path string, random io.Reader, name string, from, to Lock) error {
	v, err := readVault(path)
	if err != nil {
		return err
	}
	k, err := v.open(Slot{Name: name, Lock: from})
	if err != nil {
		return err
	}
	defer k.Wipe()
	s := v.find(name)
	fresh := keySlot{Name: name, Kind: to.kind(), Public: s.Public}
	if err := fresh.wrap(to, k, v.Version, random); err != nil {
		return err
	}
	*s = fresh
	return v.write(path, k.Data)
}

// VaultSlots lists the names of a vault's slots. It needs no secret.
func VaultSlots(path string) ([]string, error) {
	v, err := readVault(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(v.Slots))
	for i, s := range v.Slots {
		names[i] = s.Name
	}
	return names, nil
}

func (v *vault) open(with Slot) (*Keys, error) {
	s := v.find(with.Name)
	if s == nil || s.Kind != with.Lock.kind() {
		return nil, fault.New(fault.NotFound, "the vault has no slot %q that opens with a %s", with.Name, with.Lock.kind()).
			Because("vault-slot-missing")
	}
	k, err := s.open(with.Lock, v.Version)
	if err != nil {
		return nil, err
	}
	if v.Version == vaultFirst {
		return k, nil
	}
	code, err := v.code(k.Data)
	if err == nil && !hmac.Equal(code, v.Code) {
		err = fault.New(fault.Invalid, "the vault was changed by somebody who could not open it").
			Because("vault-altered").WithHint("restore it from a backup")
	}
	if err == nil {
		err = k.gather(v)
	}
	if err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

func (v *vault) find(name string) *keySlot {
	for i := range v.Slots {
		if v.Slots[i].Name == name {
			return &v.Slots[i]
		}
	}
	return nil
}

// code is an HMAC of the file under the data key: whoever wrote the file could open it.
func (v *vault) code(data Secret) ([]byte, error) {
	bare := *v
	bare.Code = nil
	text, err := bare.encode()
	if err != nil {
		return nil, err
	}
	key := expand(data, "swaperoo vault v2")
	defer key.Wipe()
	mac := hmac.New(sha256.New, key.reveal())
	mac.Write(text)
	return mac.Sum(nil), nil
}

// sign is the content of the file, with a new code.
func (v *vault) sign(data Secret) ([]byte, error) {
	if v.Version == vaultFirst {
		return v.encode()
	}
	code, err := v.code(data)
	if err != nil {
		return nil, err
	}
	v.Code = code
	return v.encode()
}

func (v *vault) write(path string, key Secret) error {
	data, err := v.sign(key)
	if err != nil {
		return err
	}
	if err := disk.Replace(path, data); err != nil {
		return fault.Wrap(err, fault.Internal, "the vault %s cannot be written", path)
	}
	return nil
}

func (v *vault) encode() ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the vault cannot be encoded")
	}
	return append(data, '\n'), nil
}

func readVault(path string) (*vault, error) {
	data, err := disk.Read(path, maxVault)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Wrap(err, fault.NotFound, "there is no vault at %s", path).Because("vault-missing")
	case errors.Is(err, disk.ErrNotPlain):
		return nil, named(err, path)
	case err != nil:
		return nil, fault.Wrap(err, fault.Denied, "the vault %s cannot be read", path).Because("vault-unreadable")
	}
	v, err := parseVault(data)
	if fault.ReasonOf(err) == reasonNoVault {
		err = named(err, path)
	}
	return v, err
}

// parseVault reads only the spelling that encode writes; any other is an alteration.
func parseVault(data []byte) (*vault, error) {
	var v vault
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, badVault(err)
	}
	if v.Version != vaultFirst && v.Version != vaultVersion {
		return nil, fault.New(fault.Unsupported, "the vault has version %d; this program knows %d", v.Version, vaultVersion).
			Because("vault-version")
	}
	if same, err := v.encode(); err != nil || !bytes.Equal(same, data) {
		return nil, badVault(err)
	}
	return &v, nil
}

const reasonNoVault fault.Reason = "vault-malformed"

const whenNoVault = "put the vault of this party there; if it is lost, `restore` makes the party anew out of a backup, in an empty directory"

func badVault(cause error) error {
	return fault.Wrap(cause, fault.Invalid, "this file is not a vault").Because(reasonNoVault).WithHint(whenNoVault)
}

// named is badVault with the path of the file.
func named(cause error, path string) error {
	return fault.Wrap(cause, fault.Invalid, "%s is not a vault", path).Because(reasonNoVault).WithHint(whenNoVault)
}
