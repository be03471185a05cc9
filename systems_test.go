//go:build !race

package swaperoo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	load "golang.org/x/tools/go/packages"
)

// TestOtherSystems holds the types of everything, tests included, against the systems on which these
// tests do not run. To compile for them, as go vet does, took eight times as long, most of it for SQLite.
func TestOtherSystems(t *testing.T) {
	for _, system := range []string{"darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			found, err := load.Load(&load.Config{
				Mode:  load.LoadAllSyntax &^ load.NeedTypesInfo,
				Env:   append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0"),
				Tests: true, ParseFile: withoutForeignBodies,
			}, "./...")
			if err != nil {
				t.Fatal(err)
			}
			if len(found) < 100 {
				t.Errorf("only %d packages were found", len(found))
			}
			for _, p := range found { // not what these import: it lacks its bodies
				for _, e := range p.Errors {
					t.Error(e)
				}
			}
		})
	}
}

// withoutForeignBodies leaves out what functions of other modules do: only what they are called with counts.
func withoutForeignBodies(set *token.FileSet, name string, text []byte) (*ast.File, error) {
	file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
	here, _ := os.Getwd()
	// What go test generates, its main function, is in files without an ending.
	if file == nil || strings.HasPrefix(name, here+string(filepath.Separator)) || filepath.Ext(name) != ".go" {
		return file, err
	}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			f.Body = nil
		}
	}
	return file, err
}
