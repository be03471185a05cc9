package crypto

import (
	"crypto/ecdh"
	"crypto/hpke"
	"io"
)

// wrap seals the keys that the slot gives under a key that the lock makes.
func (s *keySlot) wrap(with Lock, k *Keys, version int, random io.Reader) error {
	recorded, err := with.fresh(random)
	if err != nil {
		return err
	}
	wrapper, err := with.key(recorded)
	if err != nil {
		return err
	}
	defer wrapper.Wipe()
	plain := k.Data.Bytes()
	if version != vaultFirst {
		plain = append(plain, k.private.reveal()...)
	}
	defer clear(plain)
	s.Derive = recorded
	s.Wrapped, err = NewEngine(wrapper, random).Seal(plain, slotSeal(s.Name, s.Kind, version))
	return err
}

// open is the reverse.
func (s *keySlot) open(with Lock, version int) (*Keys, error) {
	wrapper, err := with.key(s.Derive)
	if err != nil {
		return nil, err
	}
	defer wrapper.Wipe()
	plain, err := NewEngine(wrapper, nil).Open(s.Wrapped, slotSeal(s.Name, s.Kind, version))
	if err != nil {
		return nil, with.wrong() // an altered file looks the same
	}
	defer clear(plain)
	want := KeySize
	if version != vaultFirst {
		want += privateSize
	}
	if len(plain) != want {
		return nil, badVault(nil)
	}
	k := &Keys{Data: NewSecret(plain[:KeySize]), slot: s.Name, owners: map[string][]Secret{}}
	if version != vaultFirst {
		k.private = NewSecret(plain[KeySize:])
	}
	return k, nil
}

// slotSeal is the associated data of wrapped keys. It has the version, so that a slot of one
// version cannot pass for one of another, which wraps other keys.
func slotSeal(name, kind string, version int) []byte {
	head := "vault\x00"
	if version != vaultFirst {
		head = "vault 2\x00"
	}
	return []byte(head + kind + "\x00" + name)
}

// Keys of owners are sealed to a slot's public key by HPKE (RFC 9180), so that
// somebody can be let into a group, or a group get another key, while its other
// members are away.
const privateSize = 32

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

// newPair draws a slot's private key and computes its public one.
func newPair(random io.Reader) (Secret, []byte, error) {
	private, err := RandomSecret(random, privateSize)
	if err != nil {
		return Secret{}, nil, err
	}
	k, err := kem().NewPrivateKey(private.reveal())
	if err != nil {
		return Secret{}, nil, badVault(err)
	}
	return private, k.PublicKey().Bytes(), nil
}

func sealTo(public []byte, key Secret, where []byte) ([]byte, error) {
	to, err := kem().NewPublicKey(public)
	if err != nil {
		return nil, badVault(err)
	}
	return hpke.Seal(to, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), where, key.reveal())
}

func openBy(private Secret, sealed, where []byte) (Secret, error) {
	k, err := kem().NewPrivateKey(private.reveal())
	if err != nil {
		return Secret{}, badVault(err)
	}
	plain, err := hpke.Open(k, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), where, sealed)
	if err != nil || len(plain) != KeySize {
		return Secret{}, badVault(err)
	}
	defer clear(plain)
	return NewSecret(plain), nil
}
