package crypto

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"sync"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// ownerKey is a key of the instruments of one owner, sealed to one slot. An owner has several
// generations of keys only while its instruments are being sealed anew.
type ownerKey struct {
	Owner      string `json:"owner"`
	Generation int    `json:"generation"`
	To         string `json:"to"` // slot
	Sealed     []byte `json:"sealed"`
}

// where is the associated data of the sealed key.
func (o ownerKey) where() []byte {
	return []byte("owner\x00" + strconv.Quote(o.Owner) + "\x00" + strconv.Itoa(o.Generation) + "\x00" + strconv.Quote(o.To))
}

// Keys are what one slot of a vault opens.
type Keys struct {
	Data Secret // the key of everything that belongs to no owner

	slot    string
	private Secret
	known   map[string]bool     // owners that have keys, whoever may use them
	owners  map[string][]Secret // keys that this slot may use, newest first
	mixed   []string            // see vault.Mixed
}

// OpenKeys opens a vault as OpenVault does.
func OpenKeys(path string, with Slot) (*Keys, error) {
	v, err := readVault(path)
	if err != nil {
		return nil, err
	}
	return v.open(with)
}

// gather opens the keys of owners that are sealed to this slot.
func (k *Keys) gather(v *vault) error {
	k.mixed, k.known = v.Mixed, map[string]bool{}
	mine := slices.Clone(v.Owners)
	slices.SortStableFunc(mine, func(a, b ownerKey) int { return cmp.Compare(b.Generation, a.Generation) })
	for _, o := range mine {
		k.known[o.Owner] = true
		if o.To != k.slot {
			continue
		}
		key, err := openBy(k.private, o.Sealed, o.where())
		if err != nil {
			return err
		}
		k.owners[o.Owner] = append(k.owners[o.Owner], key)
	}
	return nil
}

// Unfinished lists the owners whose keys this slot has and whose instruments are
// not all under the newest one.
func (k *Keys) Unfinished() []string {
	var out []string
	for owner, keys := range k.owners {
		if len(keys) > 1 || slices.Contains(k.mixed, owner) {
			out = append(out, owner)
		}
	}
	slices.Sort(out)
	return out
}

// Wipe forgets all keys.
func (k *Keys) Wipe() {
	k.Data.Wipe()
	k.private.Wipe()
	for _, list := range k.owners {
		for _, s := range list {
			s.Wipe()
		}
	}
}

// Ring seals what belongs to owners, each under a key of its own. It is safe for
// concurrent use.
type Ring struct {
	data   *Engine
	random io.Reader

	mu     sync.RWMutex
	known  map[string]bool
	owners map[string]*OwnerSeal
}

// NewRing makes a ring of keys. data is the engine of the data key, which seals the instruments
// of owners without keys.
func NewRing(k *Keys, data *Engine, random io.Reader) *Ring {
	r := &Ring{data: data, random: random}
	r.Take(k)
	return r
}

// Take replaces the keys by those that the same slot opens now.
func (r *Ring) Take(k *Keys) {
	owners := map[string]*OwnerSeal{}
	for owner, keys := range k.owners {
		s := &OwnerSeal{}
		for _, key := range keys {
			s.engines = append(s.engines, NewEngine(key, r.random))
		}
		if slices.Contains(k.mixed, owner) {
			s.engines = append(s.engines, r.data)
		}
		owners[owner] = s
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.owners = k.known, owners
}

// Knows reports whether an owner has keys, whoever may use them.
func (r *Ring) Knows(owner string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.known[owner]
}

// For is the seal of an owner's instruments. It is fault.Locked if the owner has keys and this
// slot may not use them.
func (r *Ring) For(owner string) (*OwnerSeal, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if s := r.owners[owner]; s != nil {
		return s, nil
	}
	if r.known[owner] {
		return nil, fault.New(fault.Locked, "these instruments are somebody else's, and locked").Because("owner-locked").
			WithHint("whose they are has to do it: --user NAME")
	}
	return &OwnerSeal{engines: []*Engine{r.data}}, nil
}

// OwnerSeal seals what belongs to one owner.
type OwnerSeal struct{ engines []*Engine } // newest first

// Seal is that of Engine, under the owner's newest key.
func (s *OwnerSeal) Seal(plain, ad []byte) ([]byte, error) { return s.engines[0].Seal(plain, ad) }

// Open is that of Engine, under any key of the owner that the vault still has.
func (s *OwnerSeal) Open(sealed, ad []byte) ([]byte, error) {
	var failed error
	for _, e := range s.engines {
		plain, err := e.Open(sealed, ad)
		if err == nil {
			return plain, nil
		}
		failed = err
	}
	return nil, failed
}
