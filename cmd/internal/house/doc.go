// Package house puts a party together from its data directory: vault, store,
// plugins, transports and the controller. It is the one place where the parts
// of the framework meet those that implement them.
//
// A data directory holds
//
//	config.toml    what the operator has decided
//	vault.json     the data key, wrapped once per key slot, and keys of owners
//	node.key       the key file of a bank or terminal, which start unattended
//	store.db       everything else, sealed under the data key
//	plugins.lock   third-party plugins and their SHA-256
//	run/           sockets of plugins that run now
//	lives/         a file for each process that runs operations, which holds it
//	lock           held by a process that must be the only one of its kind: a server; says where the directory was then
//	keys.lock      shared by all processes that have a wallet open
//	locked         changes when a wallet is locked, for processes that have it open
//	vault.lock     held while the vault is replaced
//	guesses        when wrong passphrases were given lately; guesses.ID those of another user
//	restored.json  what of a restored wallet nobody has checked yet
//
// Where things are:
//
//	putting it together   house.go files.go init.go login.go plugins.go fits.go guard.go loss.go
//	its processes         life.go copied.go served.go unfinished.go lock_unix.go lock_other.go
//	the vault             vault.go lostvault.go lockout.go lockup.go
//	whose directory it is owner.go private_unix.go private_other.go
//	people                people.go remove.go left.go
//	copies                backup.go restore.go mark.go
package house
