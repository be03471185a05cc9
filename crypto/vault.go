package crypto

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Slot is one way into a vault: the name of the principal whose it is, and what
// opens it.
type Slot struct {
	Name string
	Lock Lock
}

// vault is the file: one data key, wrapped once per slot.
type vault struct {
	Version int       `json:"version"`
	Slots   []keySlot `json:"slots"`
}

type keySlot struct {
	Name    string          `json:"name"`
	Kind    string          `json:"kind"`
	Derive  json.RawMessage `json:"derive,omitempty"` // how the wrapping key is made
	Wrapped []byte          `json:"wrapped"`          // the data key, sealed
}

const (
	vaultVersion = 1
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
	v := vault{Version: vaultVersion}
	for _, s := range slots {
		if err := v.wrap(s, key, random); err != nil {
			return Secret{}, err
		}
	}
	data, err := v.encode()
	if err != nil {
		return Secret{}, err
	}
	switch err := createFile(path, data); {
	case errors.Is(err, fs.ErrExist):
		return Secret{}, fault.Wrap(err, fault.Conflict, "there is already a vault at %s", path).Because("vault-exists")
	case err != nil:
		return Secret{}, fault.Wrap(err, fault.Internal, "the vault %s cannot be written", path)
	}
	return key, nil
}

// OpenVault returns the data key. A lock that does not fit is fault.Denied, a
// missing file or slot fault.NotFound, a file that is none fault.Invalid.
func OpenVault(path string, with Slot) (Secret, error) {
	v, err := readVault(path)
	if err != nil {
		return Secret{}, err
	}
	return v.open(with)
}

// ChangeSlot replaces what opens a slot, as when a person changes the
// passphrase. The data key stays, so nothing needs to be sealed again; who has
// an old copy of the file and the old passphrase still has the key. After a
// crash either the old or the new lock opens the slot.
func ChangeSlot(path string, random io.Reader, name string, from, to Lock) error {
	v, err := readVault(path)
	if err != nil {
		return err
	}
	key, err := v.open(Slot{name, from})
	if err != nil {
		return err
	}
	defer key.Wipe()
	v.remove(name)
	if err := v.wrap(Slot{name, to}, key, random); err != nil {
		return err
	}
	data, err := v.encode()
	if err != nil {
		return err
	}
	if err := replaceFile(path, data); err != nil {
		return fault.Wrap(err, fault.Internal, "the vault %s cannot be written", path)
	}
	return nil
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

func (v *vault) wrap(s Slot, key Secret, random io.Reader) error {
	if v.find(s.Name) != nil {
		return fault.New(fault.Conflict, "the vault has a slot %q already", s.Name).Because("vault-slots")
	}
	recorded, err := s.Lock.fresh(random)
	if err != nil {
		return err
	}
	wrapper, err := s.Lock.key(recorded)
	if err != nil {
		return err
	}
	defer wrapper.Wipe()
	wrapped, err := NewEngine(wrapper, random).Seal(key.reveal(), slotSeal(s.Name, s.Lock.kind()))
	if err != nil {
		return err
	}
	v.Slots = append(v.Slots, keySlot{Name: s.Name, Kind: s.Lock.kind(), Derive: recorded, Wrapped: wrapped})
	return nil
}

func (v *vault) open(with Slot) (Secret, error) {
	s := v.find(with.Name)
	if s == nil || s.Kind != with.Lock.kind() {
		return Secret{}, fault.New(fault.NotFound, "the vault has no slot %q that opens with a %s", with.Name, with.Lock.kind()).
			Because("vault-slot-missing")
	}
	wrapper, err := with.Lock.key(s.Derive)
	if err != nil {
		return Secret{}, err
	}
	defer wrapper.Wipe()
	key, err := NewEngine(wrapper, nil).Open(s.Wrapped, slotSeal(s.Name, s.Kind))
	if err != nil {
		return Secret{}, with.Lock.wrong() // or the file was altered: nobody can tell
	}
	defer clear(key)
	if len(key) != KeySize {
		return Secret{}, badVault(nil)
	}
	return NewSecret(key), nil
}

func (v *vault) find(name string) *keySlot {
	for i := range v.Slots {
		if v.Slots[i].Name == name {
			return &v.Slots[i]
		}
	}
	return nil
}

func (v *vault) remove(name string) {
	kept := v.Slots[:0]
	for _, s := range v.Slots {
		if s.Name != name {
			kept = append(kept, s)
		}
	}
	v.Slots = kept
}

func slotSeal(name, kind string) []byte { return []byte("vault\x00" + kind + "\x00" + name) }

func (v *vault) encode() ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the vault cannot be encoded")
	}
	return append(data, '\n'), nil
}

func readVault(path string) (*vault, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "there is no vault at %s", path).Because("vault-missing")
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Denied, "the vault %s cannot be read", path).Because("vault-unreadable")
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxVault))
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the vault %s cannot be read", path)
	}
	return parseVault(data)
}

func parseVault(data []byte) (*vault, error) {
	var v vault
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, badVault(err)
	}
	if v.Version != vaultVersion {
		return nil, fault.New(fault.Unsupported, "the vault has version %d; this program knows %d", v.Version, vaultVersion).
			Because("vault-version")
	}
	return &v, nil
}

func badVault(cause error) error {
	return fault.Wrap(cause, fault.Invalid, "this file is not a vault").
		Because("vault-malformed").WithHint("restore it from a backup")
}
