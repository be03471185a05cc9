package wire_test

import (
	"context"
	"os"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/swaperoo/swaperoo/plugins/api/growth"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
)

func published(t *testing.T) *descriptorpb.FileDescriptorSet {
	t.Helper()
	raw, err := os.ReadFile("plugin.binpb")
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	return &set
}

// generated is the schema that the Go code was made of, with its imports.
func generated(t *testing.T) *descriptorpb.FileDescriptorSet {
	t.Helper()
	file := wire.File_plugin_proto
	set := &descriptorpb.FileDescriptorSet{}
	for i := range file.Imports().Len() {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(file.Imports().Get(i).FileDescriptor))
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
	return set
}

func TestTheWireOnlyGrew(t *testing.T) {
	broken, err := growth.Broken(published(t), generated(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range broken {
		t.Error(b)
	}
}

func TestTheCodeIsThatOfTheText(t *testing.T) {
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{})}
	files, err := compiler.Compile(context.Background(), "plugin.proto")
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(protodesc.ToFileDescriptorProto(files[0]), protodesc.ToFileDescriptorProto(wire.File_plugin_proto)) {
		t.Error("plugin.pb.go is not made of plugin.proto: go generate ./plugins/api/wire")
	}
}
