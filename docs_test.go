package swaperoo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// named finds what looks like a path of ours between back quotes.
var named = regexp.MustCompile("`((?:comm|controller|crypto|instrument|plugins|profile|protocol|cmd|docs)/[A-Za-z0-9_./-]+)`")

// Documents tell the truth on every commit: what they name is there.
func TestDocumentsNameFilesThatExist(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob("docs/decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, page := range append(append(pages, decisions...), "README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			seen++
			if _, err := os.Stat(strings.TrimSuffix(m[1], "/…")); err != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no page names any file: the pattern does not fit")
	}
}

// TestDecisionsAreListed, each once, under the title that its page has.
func TestDecisionsAreListed(t *testing.T) {
	list, err := os.ReadFile("docs/decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("docs/decisions/0*.md")
	if err != nil || len(pages) < 90 {
		t.Fatalf("%d pages were found, %v", len(pages), err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		if line := "\n- [" + title + "](" + filepath.Base(page) + ")\n"; strings.Count(string(list), line) != 1 {
			t.Errorf("docs/decisions/README.md does not list %q once, as %q", page, strings.TrimSpace(line))
		}
	}
}

// inMap finds a file in the map of a package comment.
var inMap = regexp.MustCompile(`\b[a-z0-9_]+\.go\b`)

// TestMapsOfPackages: a package comment that says where things are names every file, once,
// and no other.
func TestMapsOfPackages(t *testing.T) {
	maps := 0
	err := filepath.WalkDir(".", func(page string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "doc.go" {
			return err
		}
		text, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		_, places, found := strings.Cut(string(text), "\n// Where things are:\n")
		if !found {
			return nil
		}
		maps++
		named := inMap.FindAllString(places, -1)
		for n, name := range named {
			if slices.Contains(named[:n], name) {
				t.Errorf("%s names %s twice", page, name)
			}
		}
		files, err := filepath.Glob(filepath.Join(filepath.Dir(page), "*.go"))
		if err != nil {
			return err
		}
		var there []string
		for _, f := range files {
			if name := filepath.Base(f); name != "doc.go" && !strings.HasSuffix(name, "_test.go") {
				there = append(there, name)
			}
		}
		for _, name := range there {
			if !slices.Contains(named, name) {
				t.Errorf("%s does not say what is in %s", page, name)
			}
		}
		for _, name := range named {
			if !slices.Contains(there, name) {
				t.Errorf("%s names %s, which is not there", page, name)
			}
		}
		return nil
	})
	if err != nil || maps < 8 {
		t.Errorf("%d maps were read, %v", maps, err)
	}
}
