package config

import (
	"encoding"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// secretSuffix ends the keys that name the file of a secret.
const secretSuffix = "_file"

// field is one key of a configuration.
type field struct {
	path  string // with dots
	doc   string
	value reflect.Value
}

func (f field) table() bool { return f.value.Kind() == reflect.Struct && !isText(f.value) }

func (f field) secret() bool { return strings.HasSuffix(f.path, secretSuffix) }

// variable is the key's twin in the environment.
func (f field) variable() string {
	return "SWAPEROO_" + strings.ToUpper(strings.ReplaceAll(f.path, ".", "_"))
}

// fields lists the keys of v in the order of the struct, tables before their
// members.
func fields(v any) []field { return fieldsOf("", reflect.ValueOf(v).Elem()) }

func fieldsOf(prefix string, v reflect.Value) []field {
	var all []field
	for n := range v.NumField() {
		tag := v.Type().Field(n).Tag
		f := field{path: prefix + tag.Get("toml"), doc: tag.Get("doc"), value: v.Field(n)}
		all = append(all, f)
		if f.table() {
			all = append(all, fieldsOf(f.path+".", f.value)...)
		}
	}
	return all
}

func names(v any) []string {
	var out []string
	for _, f := range fields(v) {
		if !f.table() {
			out = append(out, f.path)
		}
	}
	return out
}

// twins puts what the environment says in place of what the file says.
func twins(v any, environ func(string) string) error {
	for _, f := range fields(v) {
		if f.table() || f.secret() {
			continue
		}
		text := environ(f.variable())
		if text == "" {
			continue
		}
		if err := set(f.value, text); err != nil {
			return fault.New(fault.Invalid, "the environment's %s: %s", f.variable(), err).Because(ReasonMalformed)
		}
	}
	return nil
}

// anchor makes the paths of secrets absolute.
func anchor(v any, dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "the folder of the configuration is not known")
	}
	for _, f := range fields(v) {
		if path := f.value; f.secret() && path.Kind() == reflect.String && path.String() != "" && !filepath.IsAbs(path.String()) {
			path.SetString(filepath.Join(dir, path.String()))
		}
	}
	return nil
}

var (
	duration = reflect.TypeFor[time.Duration]()
	list     = reflect.TypeFor[[]string]()
)

func isText(v reflect.Value) bool {
	return v.CanAddr() && v.Addr().Type().Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// set reads text as a value of the field's type. A type that no configuration
// has is a programmer's mistake.
func set(v reflect.Value, text string) error {
	if isText(v) {
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	switch {
	case v.Type() == duration:
		d, err := time.ParseDuration(text)
		v.SetInt(int64(d))
		return err
	case v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	case v.Type() == list:
		v.Set(reflect.ValueOf(strings.Split(text, ",")))
		return nil
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return err
	}
	panic("config: a key of type " + v.Type().String())
}

// Values are the keys of v, a pointer to a struct, in its order, and what they
// are set to: of a duration its text, of a secret the path of its file.
func Values(v any) (names []string, values map[string]any) {
	values = map[string]any{}
	for _, f := range fields(v) {
		if !f.table() {
			names = append(names, f.path)
			values[f.path] = f.value.Interface()
			if f.value.Type() == duration {
				values[f.path] = time.Duration(f.value.Int()).String()
			}
		}
	}
	return names, values
}
