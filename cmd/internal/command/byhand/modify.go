package byhand

import (
	"context"
	"encoding/json"
	"maps"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Modify changes what a person has said of an instrument: the members that are given, and
// its name if there is one. It must be so that it could be added like this, and its class
// must let it stay so: in the middle of an operation, or used up, it is not a person's to
// change. Its unique keys stay. It returns the instrument as it is then.
func Modify(ctx context.Context, m *instrument.Manager, i instrument.Instance, name string, members map[string]json.RawMessage, args []string) (instrument.Instance, error) {
	info, err := m.Info(i.Class)
	if err != nil {
		return i, err
	}
	if err := typed(info, members, args); err != nil {
		return i, err
	}
	if len(members) == 0 && name == "" {
		return i, cli.Usage("say what is to be changed: NAME=VALUE, --file or --name")
	}
	given, err := claims(info, members)
	if err != nil {
		return i, err
	}
	err = m.Update(ctx, func(tx *instrument.Draft) error {
		now, err := tx.Get(i.ID)
		if err != nil {
			return err
		}
		if len(info.Fields) == 0 || !info.Allows("", now.Status) || !info.Allows(now.Status, now.Status) {
			return fault.New(fault.Conflict, "a %s that is %s is not changed by hand", now.Class, now.Status).Because("move-refused").WithHint("its class decides that")
		}
		is := map[string]json.RawMessage{}
		if err := now.Decode(&is); err != nil {
			return err
		}
		for key, value := range given {
			if had := now.Keys[key]; had != "" && had != value {
				return fault.New(fault.Conflict, "the %s of a %s stays as it was added", key, now.Class).Because("key-kept").WithHint("add another one, and remove this one")
			}
		}
		was := called(info, is)
		maps.Copy(is, members)
		if keys := maps.Clone(now.Keys); len(given) > 0 {
			if keys == nil {
				keys = map[string]string{}
			}
			maps.Copy(keys, given)
			now.Keys = keys
		}
		switch {
		case name != "":
			now.Name = name
		case now.Name == was:
			now.Name = called(info, is)
		}
		if err := now.Encode(is); err != nil {
			return err
		}
		i = now
		return tx.Put(now)
	})
	return i, cli.Argument(err)
}
