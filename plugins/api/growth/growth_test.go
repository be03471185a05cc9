package growth_test

import (
	"context"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/swaperoo/swaperoo/plugins/api/growth"
)

const schema = `syntax = "proto3"; package p;
service S { rpc Ask(Q) returns (A); rpc Talk(stream Q) returns (stream A); }
message Q { string text = 1; oneof way { int32 up = 2; int32 down = 3; } repeated A many = 4; Colour colour = 5; message Inner { bool on = 1; } }
message A { bytes raw = 1; }
enum Colour { NONE = 0; RED = 1; }`

func compiled(t *testing.T, text string) *descriptorpb.FileDescriptorSet {
	t.Helper()
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{Accessor: protocompile.SourceAccessorFromMap(map[string]string{"p.proto": text})}}
	files, err := c.Compile(context.Background(), "p.proto")
	if err != nil {
		t.Fatal(err)
	}
	return &descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])}}
}

func TestBroken(t *testing.T) {
	for name, row := range map[string]struct{ from, to, says string }{
		"nothing":            {"", "", ""},
		"a new field":        {"message A { bytes raw = 1;", "message A { bytes raw = 1; bool more = 2;", ""},
		"a new choice":       {"int32 down = 3;", "int32 down = 3; int32 left = 9;", ""},
		"a new method":       {"service S {", "service S { rpc More(Q) returns (A);", ""},
		"a new message":      {"message A {", "message B {} message A {", ""},
		"a new value":        {"RED = 1;", "RED = 1; BLUE = 2;", ""},
		"a field gone":       {"string text = 1;", "", "p.Q.text (number 1) is gone"},
		"a field renamed":    {"string text = 1;", "string words = 1;", "was text and is words"},
		"another number":     {"bytes raw = 1;", "bytes raw = 2;", "p.A.raw (number 1) is gone"},
		"another type":       {"bytes raw = 1;", "string raw = 1;", "optional bytes and is optional string"},
		"another message":    {"repeated A many", "repeated Q many", "p.A and is repeated p.Q"},
		"no list any more":   {"repeated A many", "A many", "repeated p.A and is optional p.A"},
		"out of the choice":  {"int32 down = 3; }", "} int32 down = 3;", `from choice "way"`},
		"a method gone":      {"rpc Ask(Q) returns (A);", "", "p.S.Ask is gone"},
		"no stream any more": {"Talk(stream Q)", "Talk(Q)", "p.S.Talk changed"},
		"another answer":     {"Ask(Q) returns (A)", "Ask(Q) returns (Q)", "p.S.Ask changed"},
		"an inner one gone":  {"message Inner { bool on = 1; }", "", "p.Q.Inner is gone"},
		"a value gone":       {"RED = 1;", "", "RED is gone"},
		"the service gone":   {"service S {", "service T {", "p.S is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(schema, row.from, row.to, 1)
			got, err := growth.Broken(compiled(t, schema), compiled(t, changed))
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(got, "\n")
			if row.says == "" && said != "" || !strings.Contains(said, row.says) {
				t.Errorf("says %q, want %q", said, row.says)
			}
		})
	}
}
