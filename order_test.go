package swaperoo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// In `return x, read(&x)` the language leaves open whether x is read before the call
// or after it: what is returned may be what was there before.
func TestNothingIsReturnedBesideTheCallThatWritesIt(t *testing.T) {
	files := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		f, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			r, ok := n.(*ast.ReturnStmt)
			if !ok {
				return true
			}
			for i, value := range r.Results {
				name := variable(value)
				for j, other := range r.Results {
					if i != j && name != "" && writes(other, name) {
						t.Errorf("%s: %s is returned beside a call that writes it: call first", files.Position(r.Pos()), name)
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// variable is the variable that an expression reads, itself or a member of it.
func variable(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return variable(x.X)
	}
	return ""
}

// writes reports whether an expression has a call that is given the address of a
// variable.
func writes(e ast.Expr, name string) (yes bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		ast.Inspect(call, func(n ast.Node) bool {
			if at, ok := n.(*ast.UnaryExpr); ok && at.Op == token.AND && variable(at.X) == name {
				yes = true
			}
			return true
		})
		return true
	})
	return yes
}
