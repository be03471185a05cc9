package api

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// Limits of a description. They are generous: they stop nonsense, not authors.
const (
	maxListed = 64   // classes or protocols of a role, fields, keys, operations
	maxMoves  = 1024 // of a class
	maxText   = 200  // bytes of a title
)

var (
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	wordForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,63}$`)
	loudForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,31}$`)
)

// Check refuses, as fault.Invalid with reason "description-malformed", what no
// bundle may say of itself.
func (d Description) Check() error {
	switch {
	case !nameForm.MatchString(d.Name):
		return malformed("%q is not a bundle's name: small letters, digits and hyphens, up to 32", fault.Clip(d.Name))
	case !plain(d.Version, 64) || d.Version == "":
		return malformed("%s has no version, or one with control characters or more than 64 bytes", d.Name)
	case d.API != Version:
		return fault.New(fault.Unsupported, "%s was built for version %d of the plugin door, this host has %d", d.Name, d.API, Version).
			Because("plugin-version").WithHint("build the plugin with a matching version of plugins/sdk")
	case len(d.Roles) > len(Roles()):
		return malformed("%s describes %d roles", d.Name, len(d.Roles))
	}
	seen := map[comm.Role]bool{}
	for _, v := range d.Roles {
		if seen[v.Role] || (v.Role != comm.Client && v.Role != comm.Vendor && v.Role != comm.Bank) {
			return malformed("%s describes the role %q twice, or there is no such role", d.Name, fault.Clip(string(v.Role)))
		}
		seen[v.Role] = true
		if err := v.check(); err != nil {
			return err
		}
	}
	return nil
}

// Useful refuses, as fault.Unsupported, a bundle that brings what nobody could ever use.
//
// A protocol is refused ("protocol-useless") if in no role it has an operation for a class of
// the bundle; if it has two operations of one name for the same class and peer, of which only
// the first would ever run; and if it negotiates, for the parties fix the negotiation protocol
// before a session and never ask a bundle for one.
//
// A class is refused ("class-useless") if the host lets nobody write one of its keys or
// statuses; and if no move leads to a status that it lists in Outside: that is a misspelling,
// and would let an operation be abandoned whose instrument somebody else may have.
//
// It is asked when a bundle is added, and not when it is loaded: a bundle that an earlier
// version has accepted goes on with the rest of what it has.
func (d Description) Useful() error {
	operations := map[string]int{}
	for _, v := range d.Roles {
		for _, c := range v.Classes {
			if what, name := unwritable(c); what != "" {
				return useless(reasonClassUseless, d.Name, "the %s %q of %s is not one word, and nothing that has it could be stored", what, fault.Clip(name), c.ID)
			}
			if n := slices.IndexFunc(c.Outside, func(status string) bool { return !d.reaches(c.ID, status) }); n >= 0 {
				return useless(reasonClassUseless, d.Name, "the status %q of %s is among those that are outside, and no move leads to it", fault.Clip(c.Outside[n]), c.ID)
			}
		}
		for _, p := range v.Protocols {
			operations[p.Info.ID] += 0
			if name := p.twice(); name != "" {
				return useless(reasonProtocolUseless, d.Name, "%s has more than one operation %s for one class and peer, and only one of them would ever run", p.Info.ID, name)
			}
			for _, o := range p.offered() {
				if o.Name == protocol.Negotiate {
					return useless(reasonProtocolUseless, d.Name, "%s is a negotiation protocol (%s), and those are not a bundle's to bring", p.Info.ID, protocol.Negotiate)
				}
				operations[p.Info.ID]++
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(operations)) {
		if operations[id] == 0 {
			return useless(reasonProtocolUseless, d.Name, "%s has no operation for any class of the bundle, in no role, and could never be used", id)
		}
	}
	return nil
}

// reaches reports whether an instrument of a class may get a status, in any role: roles may
// share the list of what is outside.
func (d Description) reaches(class instrument.ClassID, status string) bool {
	return slices.ContainsFunc(d.Roles, func(v RoleView) bool {
		return slices.ContainsFunc(v.Classes, func(c instrument.Info) bool {
			return c.ID == class && slices.ContainsFunc(c.Moves, func(m instrument.Move) bool { return m.To == status })
		})
	})
}

// twice finds an operation that is named more than once for a class and a peer.
func (p ProtocolView) twice() string {
	type named struct {
		class instrument.ClassID
		peer  comm.Role
		name  string
	}
	seen := map[named]bool{}
	for _, c := range p.Compatible {
		for _, offered := range c.Offered {
			for _, o := range offered.Operations {
				n := named{c.Class, offered.Peer, o.Name}
				if seen[n] {
					return o.Name
				}
				seen[n] = true
			}
		}
	}
	return ""
}

func (p ProtocolView) offered() (all []protocol.Operation) {
	for _, c := range p.Compatible {
		for _, o := range c.Offered {
			all = append(all, o.Operations...)
		}
	}
	return all
}

// unwritable finds a key or status that is not one word: the host lets no plugin write one.
func unwritable(c instrument.Info) (what, name string) {
	blank := func(s string) bool { return strings.ContainsFunc(s, unicode.IsSpace) }
	if n := slices.IndexFunc(c.Keys, blank); n >= 0 {
		return "key", c.Keys[n]
	}
	if n := slices.IndexFunc(c.Outside, blank); n >= 0 {
		return "status", c.Outside[n]
	}
	for _, m := range c.Moves {
		for _, status := range []string{m.From, m.To} {
			if blank(status) {
				return "status", status
			}
		}
	}
	return "", ""
}

const (
	reasonProtocolUseless fault.Reason = "protocol-useless"
	reasonClassUseless    fault.Reason = "class-useless"
)

func useless(reason fault.Reason, bundle, format string, args ...any) error {
	return fault.New(fault.Unsupported, "the plugin "+bundle+" brings what cannot be used: "+format, args...).Because(reason).
		WithHint("tell its author: the plugin guide says what classes and protocols must be like")
}

func (v RoleView) check() error {
	if len(v.Classes) > maxListed || len(v.Protocols) > maxListed {
		return malformed("more than %d classes or protocols for one role", maxListed)
	}
	classes := map[instrument.ClassID]bool{}
	for _, c := range v.Classes {
		if classes[c.ID] {
			return malformed("class %s is described twice", c.ID)
		}
		classes[c.ID] = true
		if err := checkClass(c); err != nil {
			return err
		}
	}
	protocols := map[string]bool{}
	for _, p := range v.Protocols {
		if protocols[p.Info.ID] {
			return malformed("protocol %s is described twice", p.Info.ID)
		}
		protocols[p.Info.ID] = true
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

func checkClass(c instrument.Info) error {
	if !wordForm.MatchString(string(c.ID)) {
		return malformed("%q is not the id of a class", fault.Clip(string(c.ID)))
	}
	listed := max(len(c.Fields), len(c.Keys), len(c.Outside))
	if !plain(c.Title, maxText) || !plain(c.Address, 64) || !plain(c.Peer, 64) || !plain(c.Currency, 64) || listed > maxListed || len(c.Moves) > maxMoves {
		return malformed("class %s has a title or the name of a member that is too long or has control characters, or a list that is too long", c.ID)
	}
	for _, f := range c.Fields {
		if !plain(f.Name, 64) || !plain(f.Title, maxText) || f.Name == "" {
			return malformed("class %s has a field without a good name", c.ID)
		}
	}
	for _, k := range c.Keys {
		if !plain(k, 64) || k == "" {
			return malformed("class %s has the key %q", c.ID, fault.Clip(k))
		}
	}
	for _, s := range c.Outside {
		if !plain(s, 64) || s == "" {
			return malformed("class %s has the status %q", c.ID, fault.Clip(s))
		}
	}
	for _, m := range c.Moves {
		if !plain(m.From, 64) || !plain(m.To, 64) || m.To == "" {
			return malformed("class %s has a move to a status without a good name", c.ID)
		}
	}
	return nil
}

func (p ProtocolView) check() error {
	if p.Info.Replay < 0 {
		return malformed("%s has the Replay %d, and those are numbers from 0 on", fault.Clip(p.Info.ID), p.Info.Replay)
	}
	if !wordForm.MatchString(p.Info.ID) || !plain(p.Info.Title, maxText) {
		return malformed("%q is not a protocol's id, or its title is too long or has control characters", fault.Clip(p.Info.ID))
	}
	if len(p.Compatible) > maxListed {
		return malformed("%s is compatible with more than %d classes", p.Info.ID, maxListed)
	}
	for _, c := range p.Compatible {
		if c.Class != "" && !wordForm.MatchString(string(c.Class)) || len(c.Offered) > len(Roles())+1 {
			return malformed("%s is compatible with something that is not a class", p.Info.ID)
		}
		for _, o := range c.Offered {
			if err := o.check(p.Info.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o Offered) check(protocolID string) error {
	if len(o.Operations) > maxListed {
		return malformed("%s has more than %d operations", protocolID, maxListed)
	}
	for _, op := range o.Operations {
		if !loudForm.MatchString(op.Name) {
			return malformed("%s has the operation %q: capital letters, digits and underscores are a name", protocolID, fault.Clip(op.Name))
		}
		if op.Instruments != protocol.WantsUnsaid && op.Instruments != protocol.WantsNone && op.Instruments != protocol.WantsMain {
			return malformed("%s of %s wants the instruments %q: it is main, none or nothing", op.Name, protocolID, fault.Clip(string(op.Instruments)))
		}
	}
	return nil
}

// plain says that a text is short and holds nothing that could move a cursor.
func plain(s string, limit int) bool {
	return len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) })
}

func malformed(format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because("description-malformed").
		WithHint("tell its author: plugins/api/README.md says how a plugin describes itself")
}
