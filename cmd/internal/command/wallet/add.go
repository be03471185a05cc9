package wallet

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

func instrumentAdd(e *cli.Env) *cobra.Command {
	var file, name, group string
	c := &cobra.Command{
		Use: "add CLASS [NAME=VALUE …]", Short: "Add an instrument of any installed class", Args: cobra.MinimumNArgs(1),
		Long: "Add an instrument of any installed class. Its members come from a JSON file, from\n" +
			"arguments, or are asked for. What the class calls secret is never an argument:\n" +
			"it is in the file, or asked for without being shown.",
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		members, err := read(c.Context(), e, file)
		if err != nil {
			return err
		}
		defer wipe(members)
		return open(c.Context(), e, looking, func(ctx context.Context, w *wallet) error {
			return w.add(ctx, instrument.ClassID(args[0]), name, group, members, args[1:])
		})
	}
	c.Flags().StringVar(&file, "file", "", "`FILE` with a JSON object of members; - for standard input")
	c.Flags().StringVar(&name, "name", "", "what you call it")
	c.Flags().StringVar(&group, "group", "", "the group that it belongs to, instead of you")
	return c
}

// add makes an instrument: its status is the first that the class begins with,
// its unique keys are members of the state.
func (w *wallet) add(ctx context.Context, class instrument.ClassID, name, group string, members map[string]json.RawMessage, args []string) error {
	owner, err := w.ownerOf(ctx, group)
	if err != nil {
		return err
	}
	info, err := w.Instruments().Info(class)
	if err != nil {
		return err
	}
	status, ok := first(info)
	if !ok || len(info.Fields) == 0 {
		return fault.New(fault.Unsupported, "instruments of class %s are not added by hand", class).Because("class-not-addable")
	}
	if err := typed(info, members, args); err != nil {
		return err
	}
	if err := w.complete(ctx, info, members); err != nil {
		return err
	}
	i := instrument.Instance{Class: class, Owner: owner, Name: name, Status: status, Keys: map[string]string{}}
	for _, key := range info.Keys {
		var value string
		if json.Unmarshal(members[key], &value) == nil && value != "" {
			i.Keys[key] = value
		}
	}
	if i.Name == "" {
		i.Name = called(info, members)
	}
	if err := i.Encode(members); err != nil {
		return err
	}
	err = w.Instruments().Update(ctx, func(tx *instrument.Draft) error {
		i.ID, err = tx.Create(instrument.Instance{Class: i.Class, Owner: i.Owner, Name: i.Name, Status: i.Status, Keys: i.Keys, State: i.State})
		return err
	})
	if err != nil {
		return cli.Argument(err)
	}
	h, err := w.shown(i)
	if err != nil {
		return err
	}
	return w.env.Print(h, "%s %s added\n", h.ID, h.Name)
}

func first(info instrument.Info) (string, bool) {
	for _, m := range info.Moves {
		if m.From == "" {
			return m.To, true
		}
	}
	return "", false
}

// read reads the members from a file.
func read(ctx context.Context, e *cli.Env, path string) (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if path == "" {
		return members, nil
	}
	in := e.In
	if path != "-" {
		f, err := os.Open(path)
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
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&members); err != nil || members == nil {
		return nil, cli.Argument(fault.New(fault.Invalid, "%s holds no JSON object", path).Because("file-malformed"))
	}
	return members, nil
}

// maxMembers bounds the file of one instrument.
const maxMembers = 64 << 10

func wipe(members map[string]json.RawMessage) {
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
func (w *wallet) complete(ctx context.Context, info instrument.Info, members map[string]json.RawMessage) error {
	for _, f := range info.Fields {
		if _, ok := members[f.Name]; ok {
			continue
		}
		ask := w.env.Ask
		if f.Secret {
			ask = w.env.AskSecret
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
	return line(parts...)
}
