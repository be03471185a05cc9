package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// Reasons of this package's faults.
const (
	ReasonMissing   fault.Reason = "config-missing"
	ReasonMalformed fault.Reason = "config-malformed"
	ReasonUnknown   fault.Reason = "config-key-unknown"
	ReasonSecret    fault.Reason = "secret-refused"
)

const hintDuration = `a duration has a unit: "1s", "5m" and "168h" are some`

// maxFile bounds a configuration; nobody writes a longer one.
const maxFile = 1 << 20

// Read fills v, a pointer to a struct with toml tags, from the file at path and
// then from the environment. What neither names keeps the value that v came
// with. Paths of secrets become absolute, relative ones counted from the file.
// The error is fault.NotFound when there is no file and otherwise fault.Invalid
// with the file and line, or the variable.
func Read(path string, v any, environ func(string) string) error {
	text, err := Text(path)
	if err != nil {
		return err
	}
	return fill(path, text, v, environ)
}

// ReadIfThere is Read for a party that may do without a file: where there is none,
// the environment is read as it would be beside an empty one.
func ReadIfThere(path string, v any, environ func(string) string) error {
	text, err := Text(path)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return fill(path, text, v, environ)
}

func fill(path, text string, v any, environ func(string) string) error {
	meta, err := toml.Decode(text, v)
	if err != nil {
		return malformed(path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fault.New(fault.Invalid, "%s:%d: there is no key %q", path, line(text, unknown[0]), unknown[0].String()).
			Because(ReasonUnknown).WithHint("%sthe keys are: %s", misplaced(unknown[0], names(v)), strings.Join(names(v), ", "))
	}
	for _, f := range fields(v) { // which the reader takes for nanoseconds
		key := toml.Key(strings.Split(f.path, "."))
		if f.value.Type() == duration && f.value.Int() != 0 && meta.Type(key...) == "Integer" {
			return fault.New(fault.Invalid, "%s:%d: %q: a number stands where a duration belongs", path, line(text, key), f.path).
				Because(ReasonMalformed).WithHint(hintDuration)
		}
	}
	if err := twins(v, environ); err != nil {
		return err
	}
	return anchor(v, filepath.Dir(path))
}

// About names the key that the refusal of its value is about.
func About(key string, err error) error {
	if err == nil {
		return nil
	}
	f := fault.From(err)
	return fault.Wrap(err, f.Kind, "%s: %s", key, f.Message).Because(f.Reason).WithHint("%s", f.Hint)
}

// Sources names what Read fills v from: the file, and the variables that are set. Whoever
// refuses what is in v says so, for a variable counts more than the file.
func Sources(path string, v any, environ func(string) string) string {
	from := []string{path}
	for _, f := range fields(v) {
		if !f.table() && !f.secret() && environ(f.variable()) != "" {
			from = append(from, "the environment's "+f.variable())
		}
	}
	return strings.Join(from, ", with ")
}

// misplaced explains a key without a table that stands behind one, as at the end of the file
// whoever appends it puts it.
func misplaced(key toml.Key, known []string) string {
	last := key[len(key)-1]
	if len(key) == 1 || !slices.Contains(known, last) {
		return ""
	}
	return fmt.Sprintf("%s belongs above the first [table]: what stands below [%s] is that one's; ", last, key[:len(key)-1])
}

// Text is what is in a settings file, as it is. One that is no file, or is longer than
// 1 MiB, is fault.Invalid.
func Text(path string) (string, error) {
	text, err := disk.Read(path, maxFile+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fault.Wrap(err, fault.NotFound, "there is no configuration at %s", path).Because(ReasonMissing).
			WithHint("the init command writes one")
	case err != nil:
		return "", fault.Wrap(err, fault.Invalid, "%s cannot be read: %s", path, Why(err)).Because(ReasonMissing)
	case len(text) > maxFile:
		return "", fault.New(fault.Invalid, "%s is longer than 1 MiB", path).Because(ReasonMalformed)
	}
	return string(text), nil
}

// malformed says where, and what about it.
func malformed(path string, err error) error {
	at, why := 0, strings.TrimPrefix(err.Error(), "toml: ")
	var parse toml.ParseError
	switch {
	case errors.As(err, &parse):
		at, why = parse.Position.Line, parse.Message
		if parse.LastKey != "" {
			why = strconv.Quote(parse.LastKey) + ": " + why
		}
	case strings.HasPrefix(why, "line "): // a value of the wrong type has its place in the text only
		number, rest, _ := strings.Cut(strings.TrimPrefix(why, "line "), " ")
		if n, bad := strconv.Atoi(number); bad == nil {
			at, why = n, rest
		}
	}
	f := fault.New(fault.Invalid, "%s:%d: %s", path, at, plain(why)).Because(ReasonMalformed)
	if strings.Contains(why, "invalid duration") {
		f = f.WithHint(hintDuration)
	}
	return f
}

var (
	otherType = regexp.MustCompile(`incompatible types: TOML value has type (\w+); destination has type (\w+)`)
	lastKey   = regexp.MustCompile(`^\(last key (".*?")\): `)
)

// plain says in an operator's words what the reader says in a programmer's.
func plain(why string) string {
	why = lastKey.ReplaceAllString(why, "$1: ")
	return otherType.ReplaceAllStringFunc(why, func(text string) string {
		types := otherType.FindStringSubmatch(text)
		return kindOf(types[1]) + " stands where " + kindOf(types[2]) + " belongs"
	})
}

func kindOf(typ string) string {
	switch typ {
	case "string":
		return "a text"
	case "slice", "array":
		return `a list, such as ["a", "b"],`
	case "bool", "boolean":
		return "true or false"
	case "integer", "int", "int64", "float", "float64":
		return "a number"
	case "table", "map", "struct":
		return "a [table]"
	}
	return "a " + typ
}

// line finds where a key of a whole file is written: the first line after which
// the beginning of the file has it. A beginning that ends within a value does
// not parse and is not the place.
func line(text string, key toml.Key) int {
	end := 0
	for n := 1; ; n++ {
		next := strings.IndexByte(text[end:], '\n')
		if next < 0 {
			return n
		}
		end += next + 1
		var all map[string]any
		if meta, err := toml.Decode(text[:end], &all); err == nil && meta.IsDefined(key...) {
			return n
		}
	}
}
