package swaperoo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed   = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	scriptNamed = regexp.MustCompile("`([a-z]+\\.txt)`")
	// A list of tests ends with the package that they are in.
	testsOf = regexp.MustCompile("((?:`Test[A-Za-z0-9]+`(?:, | and )?)+) in `([a-z/]+)`")
)

// Each requirement of the paper names the tests that show it, and they are there.
func TestRequirementsNameTestsThatExist(t *testing.T) {
	page, err := os.ReadFile("docs/paper-map.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "\n## Requirements\n")
	if !found {
		t.Fatal("the paper map has no table of requirements")
	}
	rows := 0
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		if len(cells) != 3 || strings.HasPrefix(cells[0], "---") || strings.Contains(cells[0], "§") {
			continue
		}
		rows++
		shown, scripts := 0, scriptNamed.FindAllStringSubmatch(cells[2], -1)
		for _, s := range scripts {
			if _, err := os.Stat(filepath.Join("cmd/swaperoo/testdata/script", s[1])); err != nil {
				t.Errorf("%q names %s, which is not there", cells[1], s[1])
			}
		}
		for _, list := range testsOf.FindAllStringSubmatch(cells[2], -1) {
			for _, name := range testNamed.FindAllStringSubmatch(list[1], -1) {
				shown++
				if !hasTest(t, list[2], name[1]) {
					t.Errorf("%q names %s in %s, which is not there", cells[1], name[1], list[2])
				}
			}
		}
		if all := len(testNamed.FindAllString(cells[2], -1)); shown != all || all+len(scripts) == 0 {
			t.Errorf("%q: of %d tests %d name their package, and there are %d scripts", cells[1], all, shown, len(scripts))
		}
	}
	if rows < 40 {
		t.Errorf("%d rows were read: the pattern does not fit", rows)
	}
}

// hasTest looks for a test in the files of a package.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// The gate does not watch some tests for races. A name that is out of date would leave
// out nothing, or another test.
func TestWhatIsNotWatchedForRacesExists(t *testing.T) {
	gate, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(gate), "\nUNRACED = ")
	list, _, _ = strings.Cut(list, "\n")
	s := read(t)
	for name := range strings.SplitSeq(list, "|") {
		if in := s.declared[name]; len(in) != 1 {
			t.Errorf("the Makefile leaves out %q, which is in %q", name, in)
		}
	}
}
