// Package byhand is the part of the command line by which a person puts an
// instrument of any installed class into a party, changes what they have said of it,
// and takes it out again.
package byhand

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Create makes an instrument of what a person says of it, and shows nothing. Its
// status is one with which the class begins, the first one unless it is named; its
// unique keys are members of the state. What is missing is asked for; what the class
// calls secret is never an argument. A class without fields is fault.Unsupported.
func Create(ctx context.Context, e *cli.Env, m *instrument.Manager, i instrument.Instance, members map[string]json.RawMessage, args []string) (instrument.Instance, error) {
	info, err := m.Info(i.Class)
	if err != nil {
		return i, err
	}
	if i.Status == "" {
		i.Status = first(info)
	}
	if !info.Allows("", i.Status) || len(info.Fields) == 0 {
		return i, fault.New(fault.Unsupported, "instruments of class %s are not added by hand%s", i.Class, as(i.Status)).Because("class-not-addable")
	}
	if err := typed(info, members, args); err != nil {
		return i, err
	}
	if err := complete(ctx, e, info, members); err != nil {
		return i, err
	}
	if i.Keys, err = claims(info, members); err != nil {
		return i, err
	}
	if i.Name == "" {
		i.Name = called(info, members)
	}
	if err := i.Encode(members); err != nil {
		return i, err
	}
	given := i.Clone()
	err = m.Update(ctx, func(tx *instrument.Draft) error {
		i.ID, err = tx.Create(given)
		return err
	})
	return i, cli.Argument(err)
}

// claims are the unique keys of an instrument with these members; one that is left empty is
// not claimed.
func claims(info instrument.Info, members map[string]json.RawMessage) (map[string]string, error) {
	keys := map[string]string{}
	for _, key := range info.Keys {
		var value string
		if text := members[key]; len(text) > 0 && json.Unmarshal(text, &value) != nil {
			return nil, cli.Argument(fault.New(fault.Invalid, "the %s of a %s is text, and not another kind of JSON", key, info.ID).Because("key-malformed").
				WithHint(`write it in quotes, as {%q: "…"}`, key))
		}
		if value != "" {
			keys[key] = value
		}
	}
	return keys, nil
}

// StatusRemoved is what a class calls an instrument that its owner has given up.
const StatusRemoved = "removed"

// Remove gives an instrument up, if its class lets one that is so be given up.
func Remove(ctx context.Context, e *cli.Env, m *instrument.Manager, i instrument.Instance) error {
	info, err := m.Info(i.Class)
	if err != nil {
		return err
	}
	if !info.Allows(i.Status, StatusRemoved) {
		return fault.New(fault.Conflict, "a %s that is %s cannot be removed", i.Class, i.Status).Because("move-refused").
			WithHint("its class decides that")
	}
	err = m.Update(ctx, func(tx *instrument.Draft) error {
		now, err := tx.Get(i.ID)
		if err != nil {
			return err
		}
		now.Status = StatusRemoved
		return tx.Put(now)
	})
	if err != nil {
		return err
	}
	return e.Print(map[string]string{"id": string(i.ID), "event": "removed"}, "%s removed\n", i.ID)
}

func as(status string) string {
	if status == "" {
		return ""
	}
	return " as " + status
}

func first(info instrument.Info) string {
	for _, m := range info.Moves {
		if m.From == "" {
			return m.To
		}
	}
	return ""
}

// Read reads the members from a file, empty for none; - is standard input.
func Read(ctx context.Context, e *cli.Env, path string) (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if path == "" {
		return members, nil
	}
	in := e.In
	if path != "-" {
		f, err := cli.Open(ctx, path)
		if err != nil && ctx.Err() != nil {
			return nil, err
		}
		if err != nil {
			return nil, cli.Argument(fault.Wrap(err, fault.Invalid, "the file %s cannot be read: %s", path, config.Why(err)).Because("file-unreadable").
				WithHint("name a file with a JSON object of members, or - for standard input"))
		}
		defer f.Close()
		in = f
	}
	text, err := cli.Within(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, maxMembers+1)) })
	defer clear(text)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, cli.Argument(fault.Wrap(err, fault.Invalid, "the file %s cannot be read: %s", path, config.Why(err)).Because("file-unreadable"))
	}
	if len(text) > maxMembers {
		return nil, cli.Argument(fault.New(fault.Invalid, "the file %s is longer than %d bytes", path, maxMembers).Because("file-unreadable"))
	}
	if !utf8.Valid(text) {
		return nil, cli.Argument(fault.New(fault.Invalid, "the file %s is not in UTF-8", path).Because("file-malformed").WithHint("save it in UTF-8, as JSON is"))
	}
	if err := json.Unmarshal(text, &members); err != nil || members == nil {
		return nil, cli.Argument(fault.New(fault.Invalid, "%s does not hold one JSON object", path).Because("file-malformed"))
	}
	return members, nil
}

// maxMembers bounds the file of one instrument.
const maxMembers = 64 << 10

// Wipe forgets members, which may be secret.
func Wipe(members map[string]json.RawMessage) {
	for _, value := range members {
		clear(value)
	}
}

// typed adds the members that were typed as NAME=VALUE, and refuses names that
// the class does not have and secrets that everybody on this machine could read.
func typed(info instrument.Info, members map[string]json.RawMessage, args []string) error {
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return cli.Usage("%q is not of the form NAME=VALUE", arg)
		}
		n := slices.IndexFunc(info.Fields, func(f instrument.Field) bool { return f.Name == name })
		if n >= 0 && info.Fields[n].Secret {
			return cli.Argument(fault.New(fault.Invalid, "%s is secret and no argument: other users see arguments", name).Because("secret-argument").
				WithHint("put it into a file: --file FILE with {%q: …}, or - for standard input", name))
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		members[name] = text
	}
	for name := range members {
		if !slices.ContainsFunc(info.Fields, func(f instrument.Field) bool { return f.Name == name }) {
			return cli.Argument(fault.New(fault.Invalid, "a %s has no %q", info.ID, name).Because("field-unknown").WithHint("it has %s", strings.Join(names(info), ", ")))
		}
	}
	return nil
}

func names(info instrument.Info) []string {
	var out []string
	for _, f := range info.Fields {
		out = append(out, f.Name)
	}
	return out
}

// complete asks for the members that are missing.
func complete(ctx context.Context, e *cli.Env, info instrument.Info, members map[string]json.RawMessage) error {
	for _, f := range info.Fields {
		if _, ok := members[f.Name]; ok {
			continue
		}
		ask := e.Ask
		if f.Secret {
			ask = e.AskSecret
		}
		text, err := ask(ctx, f.Title, "give "+f.Name+" in a file with --file"+orArgument(f))
		if err != nil {
			return err
		}
		if members[f.Name], err = json.Marshal(text); err != nil {
			return err
		}
	}
	return nil
}

func orArgument(f instrument.Field) string {
	if f.Secret {
		return ""
	}
	return ", or as " + f.Name + "=VALUE"
}

// called is a name made of what is not secret, such as "Sandbox Card 1234".
func called(info instrument.Info, members map[string]json.RawMessage) string {
	parts := []string{info.Title}
	for _, f := range info.Fields {
		var text string
		if !f.Secret && !slices.Contains(info.Keys, f.Name) && json.Unmarshal(members[f.Name], &text) == nil && len(text) <= 40 {
			parts = append(parts, text)
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
}
