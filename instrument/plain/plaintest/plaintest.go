// Package plaintest holds what the tests of types have in common that read and write themselves: what they do is what
// encoding/json does, for each member that the type has.
package plaintest

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/instrument"
)

// Full has something in every member but those that are named, so that one that is added later, and that is read or
// written by reflection only, is found. What special fills, it has filled as its type wants it, and says so.
func Full[T any](t testing.TB, special func(reflect.Value) bool, but ...string) T {
	t.Helper()
	var v T
	fill(t, reflect.ValueOf(&v).Elem(), special, but)
	return v
}

func fill(t testing.TB, v reflect.Value, special func(reflect.Value) bool, but []string) {
	t.Helper()
	for n := range v.NumField() {
		name := v.Type().Field(n).Name
		if slices.Contains(but, name) {
			continue
		}
		f := v.Field(n)
		if special == nil || !special(f) {
			value(t, f, n, name, special, but)
		}
		if f.IsZero() {
			t.Fatalf("%s was left empty", name)
		}
	}
}

func value(t testing.TB, f reflect.Value, n int, name string, special func(reflect.Value) bool, but []string) {
	t.Helper()
	switch f.Type() {
	case reflect.TypeFor[instrument.Amount]():
		f.Set(reflect.ValueOf(instrument.Amount{Currency: "CHF", Value: uint64(n), Fraction: 50_000_000}))
		return
	case reflect.TypeFor[json.RawMessage]():
		f.SetBytes([]byte(`{"a":["}\"",{"b":1}],"c":"d"}`))
		return
	case reflect.TypeFor[[]byte]():
		f.SetBytes([]byte{0, 0xfb, 0xff, byte(n)})
		return
	}
	switch f.Kind() {
	case reflect.String:
		f.SetString(name)
	case reflect.Int64:
		f.SetInt(int64(n+1) * 1e8)
	case reflect.Uint64:
		f.SetUint(uint64(n) + 1)
	case reflect.Bool:
		f.SetBool(true)
	case reflect.Struct:
		fill(t, f, special, but)
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
		value(t, f.Elem(), n, name, special, but)
	case reflect.Slice:
		f.Set(reflect.MakeSlice(f.Type(), 2, 2))
		value(t, f.Index(0), n, name, special, but)
		value(t, f.Index(1), n+1, name, special, but)
	default:
		t.Fatalf("a member of a new kind: %s", name)
	}
}

// Whole reports what of a value is left to reflection: it must be read and written without.
func Whole[T any](t testing.TB, v T) {
	t.Helper()
	text, written := any(v).(instrument.JSONWriter).AppendJSON(nil)
	got := new(T)
	if !written || !any(got).(instrument.JSONReader).ReadJSON(text) || !reflect.DeepEqual(*got, v) {
		t.Errorf("written %v\n%s\n%+v", written, text, *got)
	}
	for n := range text { // what was read is nobody else's
		text[n] = 'x'
	}
	if !reflect.DeepEqual(*got, v) {
		t.Error("what was read has changed with the text")
	}
}

// Written compares what is written with what encoding/json writes.
func Written[T any](t testing.TB, v T) (text []byte) {
	t.Helper()
	want, err := json.Marshal(v)
	got, unwritten := instrument.WriteJSON(v)
	if (err == nil) != (unwritten == nil) || string(got) != string(want) {
		t.Fatalf("%v %v\n%s\n%s", err, unwritten, got, want)
	}
	if behind, written := any(v).(instrument.JSONWriter).AppendJSON([]byte("before")); written && string(behind) != "before"+string(want) {
		t.Fatalf("%s\n%s", behind, want)
	}
	return want
}

// Read compares what is read with what encoding/json reads into the same value, which before makes. Whatever is not
// read must leave the value as it was. It reports whether the text was read without reflection.
func Read[T any](t testing.TB, before func() T, text []byte) (read bool) {
	t.Helper()
	got, want := before(), before()
	if !any(&got).(instrument.JSONReader).ReadJSON(text) {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s was not read and has changed what there was", text)
		}
		return false
	}
	if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nerror %v\n%+v\n%+v", text, err, got, want)
	}
	return true
}
