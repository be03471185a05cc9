package swaperoo_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/conformance.md anew")

const conformance = "docs/conformance.md"

// row is one line of testdata/spec-rows.txt.
type row struct{ section, name, meaning string }

// TestEverySpecRowHasATest: what Taler's documents ask of the bank is shown by a
// test that is called like the row, and docs/conformance.md says by which.
// `go test . -run SpecRow -update` writes it.
func TestEverySpecRowHasATest(t *testing.T) {
	rows := specRows(t)
	known := map[string]bool{}
	for _, r := range rows {
		if known[r.name] {
			t.Errorf("two rows are called %q", r.name)
		}
		known[r.name] = true
	}
	shown := map[string][]string{}
	for _, below := range []string{"comm/taler", "controller/bank", "plugins/taler"} {
		err := filepath.WalkDir(below, func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, "_test.go") {
				return err
			}
			return rowsOf(file, func(name, test string, meant bool) {
				if known[name] {
					shown[name] = append(shown[name], test)
				} else if meant {
					t.Errorf("%s says that it shows %q, which is no row", test, name)
				}
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	compared, err := os.ReadFile("testdata/compared.md") // what no test shows: sources of others
	if err != nil {
		t.Fatal(err)
	}
	page := pageOf(rows, shown, func(r row) { t.Errorf("no test shows %q: %s", r.name, r.meaning) }) + string(compared)
	if *update {
		if err := os.WriteFile(conformance, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(conformance); err != nil || string(old) != page {
		t.Errorf("%s is not what the tests say (%v); write it anew: go test . -run SpecRow -update", conformance, err)
	}
}

func specRows(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile("testdata/spec-rows.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if title, is := strings.CutPrefix(line, "## "); is {
			section = title
			continue
		}
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		name, meaning, two := strings.Cut(line, "\t")
		if !two || section == "" {
			t.Fatalf("%q is no row", line)
		}
		out = append(out, row{section, name, meaning})
	}
	return out
}

// said finds the rows that a comment names.
var said = regexp.MustCompile(`(?s)\bRows: (.*?)\.(?:\s|$)`)

// rowsOf tells which rows the tests of a file may show: those that a test's comment
// names, and the names of its parts, up to their colon as well.
func rowsOf(file string, may func(name, test string, meant bool)) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		return err
	}
	in := " in " + filepath.ToSlash(filepath.Dir(file))
	for _, d := range parsed.Decls {
		f, is := d.(*ast.FuncDecl)
		if !is || !strings.HasPrefix(f.Name.Name, "Test") || f.Name.Name == "TestMain" {
			continue
		}
		if f.Doc != nil {
			for _, m := range said.FindAllStringSubmatch(f.Doc.Text(), -1) {
				for name := range strings.SplitSeq(strings.Join(strings.Fields(m[1]), " "), ", ") {
					may(name, f.Name.Name+in, true)
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if pair, is := n.(*ast.KeyValueExpr); is {
				partOf(pair.Key, f.Name.Name, in, may)
			}
			return true
		})
	}
	return nil
}

// partOf takes the key of a table, which is a part's name.
func partOf(key ast.Expr, test, in string, may func(name, test string, meant bool)) {
	lit, is := key.(*ast.BasicLit)
	if !is || lit.Kind != token.STRING {
		return
	}
	name, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	part := test + "/" + strings.ReplaceAll(name, " ", "_") + in
	may(name, part, false)
	if before, _, colon := strings.Cut(name, ": "); colon {
		may(before, part, false)
	}
}

// pageOf is the page; it reports rows that nobody shows.
func pageOf(rows []row, shown map[string][]string, none func(row)) string {
	var b strings.Builder
	b.WriteString("# What shows that the bank's APIs are Taler's\n\n" +
		"Written by `go test . -run SpecRow -update` from `testdata/spec-rows.txt` and the names of tests; a row without a test fails that test. The end is `testdata/compared.md`.\n")
	section := ""
	for _, r := range rows {
		if r.section != section {
			section = r.section
			fmt.Fprintf(&b, "\n## %s\n\n| row | what | shown by |\n|---|---|---|\n", section)
		}
		tests := map[string][]string{} // by package
		for _, test := range slices.Compact(slices.Sorted(slices.Values(shown[r.name]))) {
			name, in, _ := strings.Cut(test, " in ")
			tests[in] = append(tests[in], "`"+name+"`")
		}
		if len(tests) == 0 {
			none(r)
		}
		var cells []string
		for _, in := range slices.Sorted(maps.Keys(tests)) {
			cells = append(cells, strings.Join(tests[in], ", ")+" in `"+in+"`")
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.name, r.meaning, strings.Join(cells, "; "))
	}
	return b.String()
}
