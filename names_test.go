package swaperoo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	inQuotes = regexp.MustCompile("`([^`\n]+)`")
	goName   = regexp.MustCompile(`^(?:([a-z]+)\.)?([A-Z]\w*)(?:\.([A-Z]\w*))?$`)
	linked   = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	measured = regexp.MustCompile(`go test -run '\^\$' -bench (\S+)(?: -benchtime \d+x)?((?: \./\S+[a-z])+)`)
	setting  = regexp.MustCompile("(?m)(?:^    |`)([a-z_]+) = [\"\\[0-9tf]")
	tagged   = regexp.MustCompile(`toml:"([a-z_]+)`)
	metric   = regexp.MustCompile(`c2ec_[a-z_]+`)
)

// sources are the names that the Go files of the house declare, each with the files
// that do: "package.Name", "Name", and of types what they have, "Type.Name".
type sources struct {
	declared map[string][]string
	metrics  string          // the files that may name a figure
	settings map[string]bool // of a config.toml
}

// TestDocumentsNameWhatTheCodeHas: what a page calls a Go name, a test, a benchmark,
// a figure or another page is one.
func TestDocumentsNameWhatTheCodeHas(t *testing.T) {
	s := read(t)
	counted := map[string]int{}
	for _, page := range documents(t) {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for _, m := range inQuotes.FindAllStringSubmatch(text, -1) {
			name := goName.FindStringSubmatch(m[1])
			if name == nil || name[1] == "" && !strings.HasPrefix(m[1], "Test") && !strings.HasPrefix(m[1], "Benchmark") {
				continue
			}
			if name[1] != "" && len(s.declared[name[1]]) == 0 || strings.HasPrefix(m[1], "plugin.GRPC") {
				continue // no package of ours: a variable of an example, or a service of go-plugin
			}
			counted["name"]++
			if s.of(name) == nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			counted["link"]++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s leads to %s, which is not there", page, m[1])
			}
		}
		for _, m := range measured.FindAllStringSubmatch(text, -1) {
			for dir := range strings.FieldsSeq(m[2]) {
				counted["benchmark"]++
				if !s.measures(m[1], filepath.Clean(dir)) {
					t.Errorf("%s measures %s in %s, which is not there", page, m[1], dir)
				}
			}
		}
		for _, m := range setting.FindAllStringSubmatch(text, -1) {
			counted["setting"]++
			if !s.settings[m[1]] {
				t.Errorf("%s sets %s, which no party has", page, m[1])
			}
		}
		for _, name := range metric.FindAllString(text, -1) {
			counted["figure"]++
			if !strings.Contains(s.metrics, name) {
				t.Errorf("%s names the figure %s, which nothing counts", page, name)
			}
		}
	}
	for what, least := range map[string]int{"name": 130, "link": 40, "benchmark": 12, "figure": 4, "setting": 9} {
		if counted[what] < least {
			t.Errorf("%d of kind %q were found: the pattern does not fit", counted[what], what)
		}
	}
}

// TestThePaperMapNamesTheFile in which each name of a row is declared.
func TestThePaperMapNamesTheFile(t *testing.T) {
	s, page, rows := read(t), "docs/paper-map.md", 0
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(raw), "\n## Requirements\n")
	for row := range strings.SplitSeq(table, "\n") {
		var files []string
		for _, m := range named.FindAllStringSubmatch(row, -1) {
			if strings.HasSuffix(m[1], ".go") {
				files = append(files, m[1])
			}
		}
		for _, m := range inQuotes.FindAllStringSubmatch(row, -1) {
			name := goName.FindStringSubmatch(m[1])
			if name == nil || name[1] == "" && name[3] == "" {
				continue
			}
			rows++
			in := s.of(name)
			if in == nil || len(files) > 0 && !slices.ContainsFunc(in, func(f string) bool { return slices.Contains(files, f) }) {
				t.Errorf("%s names %s in %q, and it is in %q", page, m[1], files, in)
			}
		}
	}
	if rows < 70 {
		t.Errorf("%d names were found: the pattern does not fit", rows)
	}
}

// TestTheVectorsNameTheirFunctions: the two last columns of the table of vectors are
// functions of the wallet's arithmetic, and those that run the vectors.
func TestTheVectorsNameTheirFunctions(t *testing.T) {
	s, found := read(t), 0
	raw, err := os.ReadFile("docs/taler.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(raw), "\n| vector | kind |")
	table, _, _ = strings.Cut(table, "\n\n")
	for row := range strings.SplitSeq(table, "\n| ") {
		cells := strings.Split(row, "|")
		if len(cells) < 5 {
			continue
		}
		for _, m := range inQuotes.FindAllStringSubmatch(cells[2]+cells[3], -1) {
			found++
			if !slices.ContainsFunc(s.declared[m[1]], func(f string) bool {
				return strings.HasPrefix(f, "crypto/taler/") || strings.HasPrefix(f, "plugins/taler/")
			}) {
				t.Errorf("a vector names %s, which is not there", m[1])
			}
		}
	}
	if found < 50 {
		t.Errorf("%d functions were found: the pattern does not fit", found)
	}
}

// documents are all pages for people, but for the decisions, which are of their day.
func documents(t *testing.T) []string {
	t.Helper()
	pages := []string{"README.md", "cmd/vending/README.md"}
	for _, pattern := range []string{"docs/*.md", "plugins/*/README.md", "plugins/example/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	return pages
}

// of are the files that declare a name which goName has taken apart.
func (s sources) of(name []string) []string {
	switch {
	case name[1] != "" && name[3] != "":
		return s.declared[name[1]+"."+name[2]+"."+name[3]]
	case name[1] != "":
		return s.declared[name[1]+"."+name[2]]
	case name[3] != "":
		return s.declared[name[2]+"."+name[3]]
	}
	return s.declared[name[2]]
}

// measures reports whether a benchmark whose name fits is in a folder.
func (s sources) measures(pattern, dir string) bool {
	fits := regexp.MustCompile(pattern)
	for name, files := range s.declared {
		short, is := strings.CutPrefix(name, "Benchmark")
		if is && fits.MatchString(short) && slices.ContainsFunc(files, func(f string) bool { return filepath.Dir(f) == dir }) {
			return true
		}
	}
	return false
}

func read(t *testing.T) sources {
	t.Helper()
	s := sources{declared: map[string][]string{}, settings: map[string]bool{}}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		in := strings.TrimSuffix(parsed.Name.Name, "_test")
		add := func(names ...string) {
			full := strings.Join(names, ".")
			for _, n := range []string{in, full, in + "." + full} {
				s.declared[n] = append(s.declared[n], file)
			}
		}
		for _, d := range parsed.Decls {
			declare(d, add)
		}
		if !strings.HasPrefix(file, "cmd/") {
			return nil
		}
		raw, err := os.ReadFile(file)
		if strings.HasPrefix(file, "cmd/internal/metrics/") {
			s.metrics += string(raw)
		}
		for _, m := range tagged.FindAllSubmatch(raw, -1) {
			s.settings[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// declare adds what a declaration declares: functions, methods, types with their
// members, variables and constants.
func declare(d ast.Decl, add func(...string)) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			add(d.Name.Name)
			return
		}
		at := d.Recv.List[0].Type
		for {
			switch e := at.(type) {
			case *ast.StarExpr:
				at = e.X
				continue
			case *ast.IndexExpr:
				at = e.X
				continue
			case *ast.Ident:
				add(e.Name, d.Name.Name)
				add(d.Name.Name)
			}
			return
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				add(spec.Name.Name)
				members(spec, add)
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					add(n.Name)
				}
			}
		}
	}
}

func members(spec *ast.TypeSpec, add func(...string)) {
	var list *ast.FieldList
	switch e := spec.Type.(type) {
	case *ast.StructType:
		list = e.Fields
	case *ast.InterfaceType:
		list = e.Methods
	default:
		return
	}
	for _, f := range list.List {
		for _, n := range f.Names {
			add(spec.Name.Name, n.Name)
		}
	}
}
