package crypto

import (
	"io"
	"slices"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Edit is a change of a vault by somebody who has opened it.
type Edit struct {
	v      *vault
	keys   *Keys
	random io.Reader
}

// EditVault opens a vault, changes it, replaces the file, and returns the keys that the slot
// opens afterwards. After a crash the old or the new file is there, whole; after an error the
// old one. The caller keeps others from editing at the same time. A vault of version 1 becomes
// one of this version.
func EditVault(path string, random io.Reader, with Slot, change func(*Edit) error) (*Keys, error) {
	v, err := readVault(path)
	if err != nil {
		return nil, err
	}
	k, err := v.open(with)
	if err != nil {
		return nil, err
	}
	e := &Edit{v: v, keys: k, random: random}
	err = e.upgrade(with)
	if err == nil {
		err = change(e)
	}
	if err == nil {
		err = v.write(path, k.Data)
	}
	if err == nil {
		k.owners = map[string][]Secret{}
		err = k.gather(v)
	}
	if err != nil {
		k.Wipe()
		return nil, err
	}
	return k, nil
}

// upgrade makes a vault of version 1, which has one slot, one of this version: the slot gets a
// pair of keys.
func (e *Edit) upgrade(with Slot) error {
	if e.v.Version != vaultFirst {
		return nil
	}
	if len(e.v.Slots) > 1 {
		return fault.New(fault.Unsupported, "this old vault has several slots, and only its holders could renew them").Because("vault-version")
	}
	e.v.Version = vaultVersion
	s := e.v.find(with.Name)
	var err error
	if e.keys.private, s.Public, err = newPair(e.random); err != nil {
		return err
	}
	return s.wrap(with.Lock, e.keys, e.v.Version, e.random)
}

// AddSlot adds a way into the vault. If the slot names an owner, that owner gets a key which only
// this slot opens.
func (e *Edit) AddSlot(s Slot) error {
	if e.v.find(s.Name) != nil {
		return fault.New(fault.Conflict, "the vault has a slot %q already", s.Name).Because("vault-slots")
	}
	private, public, err := newPair(e.random)
	if err != nil {
		return err
	}
	slot := keySlot{Name: s.Name, Kind: s.Lock.kind(), Public: public}
	if err := slot.wrap(s.Lock, &Keys{Data: e.keys.Data, private: private}, vaultVersion, e.random); err != nil {
		return err
	}
	e.v.Slots = append(e.v.Slots, slot)
	if s.Owner == "" {
		return nil
	}
	return e.NewKey(s.Owner, s.Name)
}

// RemoveSlot removes a way into the vault, with all keys that were sealed to it. Whoever had the
// slot may have kept those keys: use NewKey for their owners as well.
func (e *Edit) RemoveSlot(name string) error {
	if e.v.find(name) == nil {
		return fault.New(fault.NotFound, "the vault has no slot %q", name).Because("vault-slot-missing")
	}
	e.v.Slots = slices.DeleteFunc(e.v.Slots, func(s keySlot) bool { return s.Name == name })
	e.v.Owners = slices.DeleteFunc(e.v.Owners, func(o ownerKey) bool { return o.To == name })
	return nil
}

// Holders lists the slots that may use the keys of an owner.
func (e *Edit) Holders(owner string) []string {
	var out []string
	for _, o := range e.v.Owners {
		if o.Owner == owner && !slices.Contains(out, o.To) {
			out = append(out, o.To)
		}
	}
	return out
}

// Owners lists those whose keys a slot may use.
func (e *Edit) Owners(slot string) []string {
	var out []string
	for _, o := range e.v.Owners {
		if o.To == slot && !slices.Contains(out, o.Owner) {
			out = append(out, o.Owner)
		}
	}
	return out
}

// NewKey draws another key for the instruments of an owner and gives it to slots. From now on
// they are sealed under it.
func (e *Edit) NewKey(owner string, slots ...string) error {
	key, err := RandomSecret(e.random, KeySize)
	if err != nil {
		return err
	}
	defer key.Wipe()
	generation := 1
	for _, o := range e.v.Owners {
		if o.Owner == owner {
			generation = max(generation, o.Generation+1)
		}
	}
	for _, name := range slots {
		if err := e.give(ownerKey{Owner: owner, Generation: generation, To: name}, key); err != nil {
			return err
		}
	}
	return nil
}

// Grant lets a slot use those keys of an owner that the editing slot may use. If that has none,
// it is fault.Locked.
func (e *Edit) Grant(owner, slot string) error {
	given := false
	for _, o := range slices.Clone(e.v.Owners) {
		if o.Owner != owner || o.To != e.keys.slot {
			continue
		}
		key, err := openBy(e.keys.private, o.Sealed, o.where())
		if err != nil {
			return err
		}
		o.To, given = slot, true
		if err := e.give(o, key); err != nil {
			return err
		}
		key.Wipe()
	}
	if !given {
		return fault.New(fault.Locked, "who cannot open these instruments cannot let others do it").Because("owner-locked")
	}
	return nil
}

// Revoke takes the keys of an owner from a slot. Whoever has the slot may have kept them: use
// NewKey as well.
func (e *Edit) Revoke(owner, slot string) {
	e.v.Owners = slices.DeleteFunc(e.v.Owners, func(o ownerKey) bool { return o.Owner == owner && o.To == slot })
}

// Mix notes that some instruments of an owner may still be sealed under the data key, until
// Renewed.
func (e *Edit) Mix(owner string) {
	if !slices.Contains(e.v.Mixed, owner) {
		e.v.Mixed = append(e.v.Mixed, owner)
	}
}

// Renewed forgets all keys of an owner but the newest. Its caller has sealed all instruments of
// the owner under that one.
func (e *Edit) Renewed(owner string) {
	newest := 0
	for _, o := range e.v.Owners {
		if o.Owner == owner {
			newest = max(newest, o.Generation)
		}
	}
	e.v.Owners = slices.DeleteFunc(e.v.Owners, func(o ownerKey) bool { return o.Owner == owner && o.Generation < newest })
	e.v.Mixed = slices.DeleteFunc(e.v.Mixed, func(m string) bool { return m == owner })
}

// give seals key to the slot o.To, unless that has it already.
func (e *Edit) give(o ownerKey, key Secret) error {
	s := e.v.find(o.To)
	if s == nil {
		return fault.New(fault.NotFound, "the vault has no slot %q", o.To).Because("vault-slot-missing")
	}
	for _, have := range e.v.Owners {
		if have.Owner == o.Owner && have.Generation == o.Generation && have.To == o.To {
			return nil
		}
	}
	var err error
	if o.Sealed, err = sealTo(s.Public, key, o.where()); err != nil {
		return err
	}
	e.v.Owners = append(e.v.Owners, o)
	return nil
}
