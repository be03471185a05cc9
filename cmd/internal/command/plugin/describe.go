package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
)

// describe is what the person reads before they agree.
func describe(d api.Description, sum string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "Plugin:    %s %s\nSHA-256:   %s\n", d.Name, d.Version, sum)
	fmt.Fprintf(&out, "Classes:   %s\nProtocols: %s\n", strings.Join(classes(d), ", "), strings.Join(protocols(d), ", "))
	out.WriteString("It may:")
	for _, line := range may(d) {
		out.WriteString("\n  - " + line)
	}
	for _, line := range lacks(d) {
		out.WriteString("\n" + line)
	}
	return out.String()
}

// lacks says what a bundle cannot do that its author has probably meant it to. That is no reason to
// refuse it: a later version may.
func lacks(d api.Description) []string {
	all := classes(d)
	if len(all) == 0 && len(protocols(d)) == 0 {
		return []string{"It brings no class and no protocol: nobody can do anything with it"}
	}
	var lines []string
	for _, class := range all {
		if !begins(d, class) {
			lines = append(lines, fmt.Sprintf("No %s can ever come into being: none of the moves of that class is a first one", class))
		}
	}
	return lines
}

// begins reports whether an instrument of the class can come into being, in a party of whatever role.
func begins(d api.Description, class string) bool {
	return slices.ContainsFunc(d.Roles, func(role api.RoleView) bool {
		return slices.ContainsFunc(role.Classes, func(c instrument.Info) bool {
			return string(c.ID) == class && slices.ContainsFunc(c.Moves, func(m instrument.Move) bool { return m.From == "" })
		})
	})
}

// may lists what the host lets a bundle do, and what nothing keeps it from.
func may(d api.Description) []string {
	var lines []string
	var own, ask []string
	for _, role := range d.Roles {
		for _, c := range role.Classes {
			own = once(own, string(c.ID))
			if c.Address != "" {
				ask = once(ask, string(c.ID))
			}
		}
	}
	if len(own) > 0 {
		lines = append(lines, "read and change instruments of its own classes ("+strings.Join(own, ", ")+"), within their moves")
	}
	for _, role := range d.Roles {
		for _, p := range role.Protocols {
			for _, c := range p.Compatible {
				if names := operations(c); len(names) > 0 {
					lines = append(lines, fmt.Sprintf("as a %s, run %s of %s with %s", role.Role, strings.Join(names, ", "), p.Info.ID, named(c.Class)))
				}
			}
		}
	}
	if len(ask) > 0 {
		lines = append(lines, "have the host send requests to the addresses in instruments of "+strings.Join(ask, ", "))
	}
	return append(lines, "run as a process of your user: it gets no environment, but nothing keeps it from your files and network")
}

func operations(c api.Compatible) []string {
	var names []string
	for _, o := range c.Offered {
		for _, op := range o.Operations {
			names = once(names, op.Name)
		}
	}
	return names
}

func named(class instrument.ClassID) string {
	if class == "" {
		return "no instrument"
	}
	return string(class)
}

func classes(d api.Description) []string {
	out := []string{}
	for _, role := range d.Roles {
		for _, c := range role.Classes {
			out = once(out, string(c.ID))
		}
	}
	return out
}

func protocols(d api.Description) []string {
	out := []string{}
	for _, role := range d.Roles {
		for _, p := range role.Protocols {
			out = once(out, p.Info.ID)
		}
	}
	return out
}

// once adds a name that is not there yet.
func once(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}
