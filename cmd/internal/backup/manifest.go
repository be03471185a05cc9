package backup

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
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
	maxManifest  = 1 << 14
	format       = 1
)

// rule is what the format says of a member.
type rule struct {
	name   string
	max    int64
	needed bool
}

func (k Kind) rules() []rule {
	if k == Bank {
		return []rule{
			{Config, 1 << 20, true},
			{Credentials, 1 << 20, false},
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

// check refuses a manifest whose members are not those of the format, each once
// and in its place.
func (m Manifest) check() error {
	if m.Format != format {
		return fault.New(fault.Unsupported, "the backup has format %d, this program knows %d", m.Format, format).
			Because("backup-newer").WithHint("use the version of the program that made it, or a newer one")
	}
	left := m.Members
	for _, r := range m.Kind.rules() {
		if len(left) == 0 || left[0].Name != r.name {
			if r.needed {
				return malformed(nil, "it has no %s in its place", r.name)
			}
			continue
		}
		sum, err := hex.DecodeString(left[0].SHA256)
		if left[0].Size < 0 || left[0].Size > r.max || err != nil || len(sum) != 32 {
			return malformed(err, "what it says of %s cannot be", r.name)
		}
		left = left[1:]
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

// Has reports whether there is a member of that name.
func (m Manifest) Has(name string) bool {
	return slices.ContainsFunc(m.Members, func(x Member) bool { return x.Name == name })
}

func malformed(cause error, format string, args ...any) error {
	why := fault.New(fault.Invalid, format, args...).Message
	return fault.Wrap(cause, fault.Invalid, "this is not a backup: %s", why).Because("backup-malformed").
		WithHint("use another copy of it")
}
