// Command protogen makes the Go code and the descriptor set of the .proto file
// in a folder, without a protoc on the machine:
//
//	go run ./cmd/internal/protogen plugins/api/wire
//
// It refuses when the descriptor set that is there already would be broken:
// published numbers and types stay as they are.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/swaperoo/swaperoo/plugins/api/growth"
)

// The generators and their versions; they never enter the module graph.
const (
	genGo   = "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12"
	genGRPC = "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: protogen FOLDER")
		os.Exit(2)
	}
	if err := generate(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

func generate(ctx context.Context, folder string) error {
	protos, err := filepath.Glob(filepath.Join(folder, "*.proto"))
	if err != nil || len(protos) != 1 {
		return fmt.Errorf("%s must hold exactly one .proto file", folder)
	}
	name := filepath.Base(protos[0])
	set, err := compile(ctx, folder, name)
	if err != nil {
		return err
	}
	described := filepath.Join(folder, strings.TrimSuffix(name, ".proto")+".binpb")
	if err := mayReplace(described, set); err != nil {
		return err
	}
	for _, tool := range []string{genGo, genGRPC} {
		if err := run(ctx, tool, folder, name, set); err != nil {
			return err
		}
	}
	for _, f := range set.File {
		f.SourceCodeInfo = nil // comments belong to the generated code only
	}
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(described, raw, 0o644)
}

// compile reads the file and everything that it imports, imports first.
func compile(ctx context.Context, folder, name string) (*descriptorpb.FileDescriptorSet, error) {
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{folder}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, name)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	collect(set, map[string]bool{}, files[0])
	return set, nil
}

func collect(set *descriptorpb.FileDescriptorSet, seen map[string]bool, f protoreflect.FileDescriptor) {
	if seen[f.Path()] {
		return
	}
	seen[f.Path()] = true
	for i := range f.Imports().Len() {
		collect(set, seen, f.Imports().Get(i).FileDescriptor)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
}

// mayReplace refuses a schema that breaks the one that was published.
func mayReplace(path string, set *descriptorpb.FileDescriptorSet) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var published descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(raw, &published); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	broken, err := growth.Broken(&published, set)
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		return fmt.Errorf("the wire may only grow:\n\t%s", strings.Join(broken, "\n\t"))
	}
	return nil
}

// run feeds one generator as protoc would and writes its files into folder.
func run(ctx context.Context, tool, folder, name string, set *descriptorpb.FileDescriptorSet) error {
	request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{name},
		Parameter:      new("paths=source_relative"),
		ProtoFile:      set.File,
	})
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "run", tool)
	cmd.Stdin = bytes.NewReader(request)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("run %s: %w", tool, err)
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		return fmt.Errorf("read the answer of %s: %w", tool, err)
	}
	if response.Error != nil {
		return fmt.Errorf("%s: %s", tool, response.GetError())
	}
	for _, f := range response.File {
		if err := os.WriteFile(filepath.Join(folder, f.GetName()), []byte(f.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
