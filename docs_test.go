package swaperoo_test

import (
	"os"
	"path/filepath"
	"regexp"
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
