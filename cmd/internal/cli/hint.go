package cli

import (
	"cmp"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// next is what a person can do about a fault that does not say it itself: it was
// made where nobody knows of commands, or by a peer.
func next(f *fault.Fault) string {
	return cmp.Or(Advice(f), byKind(f.Kind))
}

// Advice is what is known to help against a fault, by its own word or by its reason; empty:
// nothing more than its kind is known.
func Advice(f *fault.Fault) string {
	if f.Hint != "" {
		return f.Hint
	}
	switch f.Reason {
	case "wrong-passphrase":
		return "try again; without the right one nobody can open it"
	case "passphrase-empty", "passphrase-differs":
		return "type it again"
	case "peer-unknown":
		return "`wallet peer list` shows those that are known, `wallet peer add` adds one"
	case "vault-slot-missing":
		return "a person opens a wallet by a passphrase, an agent by --key-file; --user says who acts, without it the owner"
	case "user-unknown":
		return "leave --user out to act as the wallet's owner"
	case "class-unknown":
		return "`plugin list` shows what is installed; a class of others comes with `plugin add`"
	case "class-not-offered":
		return "say another --class, or ask the vendor what they take"
	case "no-common-class":
		return "ask the peer what they take; a class of others comes with `plugin add`, at both sides"
	case "operation-unknown":
		if f.Kind == fault.Unsupported {
			return "in a session `operations CLASS` shows what can be done there with a class"
		}
	case "exchange-unknown":
		return "`bank exchange list` shows those that the bank has"
	case "amount-malformed":
		return "write it like CHF:20 or CHF:20.50, without a sign"
	case "amount-too-large", "amount-too-small", "amount-out-of-range":
		return "choose another amount"
	case "currency-mismatch":
		return "say every amount in the currency that is dealt in"
	case "address-taken":
		return "choose another --listen; port 0 takes a free one"
	case "request-uid-reused":
		return "use another --key for another withdrawal"
	case "config-malformed":
		return "correct it, and look at all of it with `config check`"
	case "key-file-unreadable", "vault-unreadable", "config-missing":
		return "look whose it is, and run the program as that user"
	case "file-unwritable", "life-file":
		return "look whether the disk is full or read-only, and whose the folder is"
	case "key-file-missing", "key-file-malformed", "wrong-key-file":
		return "put the one there that was made with the vault, for no other opens it; if a bank's or terminal's is lost, `restore` makes the party anew out of a backup"
	case "seal-broken":
		return "what is stored was altered: `restore` makes it anew out of a backup"
	case "database-unreadable", "database-failed":
		return "look whose it is, and whether the disk is full, read-only or damaged; a damaged one `restore` makes anew out of a backup"
	case "offer-expired":
		return "pay again, for a new offer, under another --key if one was named; in a session `classes` asks for one"
	case "reference-reused":
		return "an offer is paid by card once: ask for another one, in a session with `classes`"
	case "scheme-unknown":
		return "give a peer's address as its `serve` prints it, such as wss://HOST:PORT/#KEY"
	case "text-malformed", "state-malformed", "message-malformed", "result-malformed", "frame-too-large", "id-malformed":
		return "a plugin has made it, here or at the peer, maybe of what it was given: -v shows more, and its author can mend it"
	case "plugin-hung":
		return "try again; if it happens often, look at it with -v, or remove it with `plugin remove`"
	case "not-agreed":
		return "nothing was done; start again if you have changed your mind"
	}
	if strings.HasSuffix(string(f.Reason), "-taken") {
		return "it is there already, or was used before: use another one"
	}
	return ""
}

// byKind is what can be said of a fault without knowing more of it.
func byKind(k fault.Kind) string {
	switch k {
	case fault.Invalid, fault.Unsupported:
		return "look at what the command takes with --help"
	case fault.Denied, fault.Declined, fault.Conflict:
		return "nothing was changed; ask who refused it if you do not see why"
	case fault.NotFound:
		return "the list commands show what there is"
	case fault.Unavailable, fault.Locked:
		return "try again later"
	case fault.Timeout, fault.Unknown:
		return "ask again; the same --key does nothing twice"
	}
	return "repeat it with -v and look at what is logged"
}
