package backup

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// The members, in the order in which they are written. What makes a directory a
// party is the last.
const (
	Config      = "config.toml"
	Credentials = "exchange-credentials.conf"
	Key         = "node.key"
	Plugins     = "plugins.lock"
	Store       = "store.db"
	Vault       = "vault.json"
)

// further are the members of a bank that has credentials for several exchanges:
// their names are those of the exchanges, in which there is nothing of a path.
var further = regexp.MustCompile(`^exchange-credentials-[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.conf$`)

// Further reports whether a file of a bank has the credentials for an exchange
// besides the first.
func Further(name string) bool { return further.MatchString(name) }

// Kind is what a backup is of.
type Kind string

// The kinds. A wallet's backup does not say what it is: it was the first one.
const (
	Wallet Kind = ""
	Bank   Kind = "bank"
)

func (k Kind) String() string {
	if k == Wallet {
		return "wallet"
	}
	return string(k)
}

const (
	manifestName = "manifest.json"
	maxManifest  = 1 << 17
	format       = 1
)

// rule is what the format says of a member.
type rule struct {
	name   string // empty: those that are Further, as many as there are, sorted
	max    int64
	needed bool
}

// fits reports whether a member is the rule's, after the one before it.
func (r rule) fits(name, before string) bool {
	if r.name != "" {
		return name == r.name
	}
	return Further(name) && (!Further(before) || before < name)
}

func (k Kind) rules() []rule {
	if k == Bank {
		return []rule{
			{Config, 1 << 20, true},
			{Credentials, 1 << 20, false},
			{"", 1 << 20, false},
			{Key, 1 << 12, true},
			{Plugins, 1 << 20, false},
			{Store, 64 << 30, true},
			{Vault, 1 << 20, true},
		}
	}
	return []rule{
		{Config, 1 << 20, false},
		{Plugins, 1 << 20, false},
		{Store, 8 << 30, true},
		{Vault, 1 << 20, true},
	}
}

// Manifest says what an archive holds.
type Manifest struct {
	Format  int       `json:"format"`
	Kind    Kind      `json:"kind,omitempty"`
	Made    time.Time `json:"made"`
	Members []Member  `json:"members"`
}

// Member is one file of an archive.
type Member struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// check refuses a member that is larger than the format lets it be.
func (x Member) check(most int64) error {
	sum, err := hex.DecodeString(x.SHA256)
	if x.Size < 0 || x.Size > most || err != nil || len(sum) != 32 {
		return malformed(err, "what it says of %s cannot be", x.Name)
	}
	return nil
}

// check refuses a manifest whose members are not those of the format, each once
// and in its place.
func (m Manifest) check() error {
	if m.Format != format {
		return fault.New(fault.Unsupported, "the backup has format %d, this program knows %d", m.Format, format).
			Because("backup-newer").WithHint("use the version of the program that made it, or a newer one")
	}
	left, before := m.Members, ""
	for _, r := range m.Kind.rules() {
		found := false
		for len(left) > 0 && r.fits(left[0].Name, before) && (!found || r.name == "") {
			if err := left[0].check(r.max); err != nil {
				return err
			}
			found, before, left = true, left[0].Name, left[1:]
		}
		if !found && r.needed {
			return malformed(nil, "it has no %s in its place", r.name)
		}
	}
	if len(left) > 0 {
		return malformed(nil, "it holds what does not belong there")
	}
	return nil
}

func (m Manifest) encode() ([]byte, error) {
	text, err := json.Marshal(m)
	return append(text, '\n'), err
}

// parse reads only what encode writes, of a backup of that kind.
func parse(text []byte, kind Kind) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return m, malformed(err, "its manifest cannot be read")
	}
	if m.Format == format && m.Kind != kind && (m.Kind == Wallet || m.Kind == Bank) {
		return m, fault.New(fault.Conflict, "this is the backup of a %s, not of a %s", m.Kind, kind).Because("backup-of-another").
			WithHint("use `%s restore`", m.Kind)
	}
	if m.Format == format && m.Kind != kind {
		return m, malformed(nil, "it does not say of what it is")
	}
	if err := m.check(); err != nil {
		return m, err
	}
	if same, err := m.encode(); err != nil || !bytes.Equal(same, text) {
		return m, malformed(err, "its manifest is not as this program writes it")
	}
	return m, nil
}

func malformed(cause error, format string, args ...any) error {
	why := fault.New(fault.Invalid, format, args...).Message
	return fault.Wrap(cause, fault.Invalid, "this is not a backup: %s", why).Because("backup-malformed").
		WithHint("use another copy of it")
}
