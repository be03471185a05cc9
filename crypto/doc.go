// Package crypto is the paper's Cryptographic Engine (SWAPEROO §3): it seals what a
// node stores, keeps the data key in a vault, and holds the identity by which a peer
// is known. Wallet, terminal and bank use the same one; only the vault's slot
// differs: a passphrase for a person, a key file for a server.
//
//	key, err := crypto.OpenVault(path, crypto.Slot{Name: "gary", Lock: crypto.Passphrase(word)})
//	engine := crypto.NewEngine(key, nil)
//	sealed, err := engine.Seal(state, associated)
//
// What is particular to Taler's coins is in crypto/taler.
//
// Where things are:
//
//	the engine            engine.go secret.go identity.go tls.go
//	the vault             vault.go slot.go lock.go keyfile.go keys.go edit.go
//	exports               export.go
//	the process           seclude_linux.go seclude_other.go
package crypto
