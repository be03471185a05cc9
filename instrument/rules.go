package instrument

import (
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// maxState bounds the state of one instance. A refreshed exchange's keys are
// the largest that is known.
const maxState = 33 << 20

// permits checks a change against what the class says of itself: its moves, its
// unique keys, and that identity does not change; then it asks the class where
// that has more to say. The class may live in a plugin and hang, so this is done
// while a change is drafted and never on the store's writer. before is nil on
// creation.
func (m *Manager) permits(before *Instance, after Instance) error {
	if err := m.fits(before, after); err != nil || !m.infos[after.Class].Checks {
		return err
	}
	asked := after.Clone() // the class gets copies: it cannot change what is written
	if before == nil {
		return m.classes[after.Class].Check(nil, &asked)
	}
	old := before.Clone()
	return m.classes[after.Class].Check(&old, &asked)
}

func (m *Manager) fits(before *Instance, after Instance) error {
	info, err := m.Info(after.Class)
	if err != nil {
		return err
	}
	from := ""
	if before != nil {
		from = before.Status
		if before.Class != after.Class || before.Owner != after.Owner {
			return fault.New(fault.Invalid, "the class or owner of %s cannot change", after.ID).Because("identity-changed")
		}
	}
	if !info.Allows(from, after.Status) {
		return refusedMove(info, from, after)
	}
	for key, value := range after.Keys {
		if !info.hasKey(key) || value == "" {
			return fault.New(fault.Invalid, "%s has no unique key %q", info.ID, fault.Clip(key)).Because("key-unknown")
		}
		if !utf8.ValidString(value) {
			return fault.New(fault.Invalid, "the %s of %s is not in UTF-8", key, after.ID).Because("text-malformed").WithHint("write it in UTF-8")
		}
	}
	if before != nil {
		for key, value := range before.Keys {
			if after.Keys[key] != value {
				return fault.New(fault.Invalid, "the %s of %s cannot be given up", key, after.ID).Because("key-removed")
			}
		}
	}
	if !utf8.ValidString(after.Name) {
		return fault.New(fault.Invalid, "the name of %s is not in UTF-8", after.ID).Because("text-malformed").WithHint("write it in UTF-8")
	}
	if len(after.State) == 0 {
		return fault.New(fault.Invalid, "%s %s has no state", info.ID, after.ID).Because("state-malformed").WithHint("one that has nothing to keep has the state {}")
	}
	if len(after.State) > maxState || !PeerJSON(after.State) {
		return fault.New(fault.Invalid, "the state of %s %s is not JSON in UTF-8, or too large or deep", info.ID, after.ID).Because("state-malformed")
	}
	return nil
}

func refusedMove(info Info, from string, after Instance) error {
	if from == "" {
		return fault.New(fault.Conflict, "a %s cannot begin as %s", info.ID, fault.Clip(after.Status)).Because("move-refused")
	}
	return fault.New(fault.Conflict, "this %s is %s and cannot become %s", info.ID, from, fault.Clip(after.Status)).Because("move-refused")
}
