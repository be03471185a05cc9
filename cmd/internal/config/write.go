package config

import (
	"bytes"
	"encoding"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// Write makes the file at path, for its owner alone: every key of v, a pointer
// to a struct, with its doc tag as a comment and its value. What Write writes,
// Read reads. After a crash either the old file is there or the new one.
func Write(path, title string, v any) error {
	text, err := document(title, v)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "a configuration cannot be written")
	}
	return Replace(path, text)
}

func document(title string, v any) ([]byte, error) {
	var out bytes.Buffer
	comment(&out, title)
	for _, f := range fields(v) {
		out.WriteByte('\n')
		if f.doc != "" {
			comment(&out, f.doc)
		}
		if f.table() {
			out.WriteString("[" + f.path + "]\n")
			continue
		}
		key := f.path[strings.LastIndexByte(f.path, '.')+1:]
		value := f.value.Interface()
		if m, ok := value.(encoding.TextMarshaler); ok { // an amount that is not set has no text, which the encoder takes for no value
			text, err := m.MarshalText()
			if err != nil {
				return nil, err
			}
			value = string(text)
		}
		if f.value.Kind() == reflect.Slice && f.value.IsNil() { // the encoder leaves it out, and the file would not name the key
			value = reflect.MakeSlice(f.value.Type(), 0, 0).Interface()
		}
		if err := toml.NewEncoder(&out).Encode(map[string]any{key: value}); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func comment(out *bytes.Buffer, text string) {
	for part := range strings.SplitSeq(text, "\n") {
		out.WriteString("# " + part + "\n")
	}
}

// Replace writes a file of mode 0600 as a whole or not at all, and makes its
// folder if needed.
func Replace(path string, text []byte) error {
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = disk.Replace(path, text)
	}
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "%s cannot be written", path).Because("file-unwritable")
	}
	return nil
}
