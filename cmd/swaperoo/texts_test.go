package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

// quoted finds what is between back quotes, in a text for people or a document.
var quoted = regexp.MustCompile("`([^`\n]+)`")

// plain finds a command that begins with the program, not in back quotes.
var plain = regexp.MustCompile("(?:^|[^`a-z/.])(swaperoo [a-z]+ [a-z]{2,}[^`,;\"\n]*)")

// flags finds what looks like a flag of ours.
var flags = regexp.MustCompile("(?:^|[\\s`(|])--([a-z][a-z-]+)")

// others finds a line to type that is of other programs.
var others = regexp.MustCompile(`(?m)^    (?:npx|node) .*$`)

// TestCommandsThatTextsName: what an error, a help text or a message tells a person
// to type is a command, with flags and arguments that it has.
func TestCommandsThatTextsName(t *testing.T) {
	seen, steps := 0, []string{"select", "operations", "instruments"} // of a session, which are no commands
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		for _, text := range texts(t, file) {
			for _, m := range quoted.FindAllStringSubmatch(text, -1) {
				if line := words(m[1]); len(line) > 1 && !slices.Contains(steps, line[0]) && line[0] != "X" {
					seen++
					isCommand(t, file, line, false)
				}
			}
			for _, m := range plain.FindAllStringSubmatch(text, -1) {
				if strings.HasSuffix(m[1], " v1") { // a word for keys
					continue
				}
				seen++
				isCommand(t, file, words(m[1]), false)
			}
			ofUs(t, file, text)
		}
		return nil
	})
	if err != nil || seen < 50 {
		t.Errorf("%d commands were found, %v", seen, err)
	}
}

// TestCommandsThatDocumentsName: lines to type are whole commands; what is named in
// a sentence may leave arguments out.
func TestCommandsThatDocumentsName(t *testing.T) {
	pages := []string{"../../README.md", "../vending/README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../plugins/*/README.md", "../../plugins/example/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	typed, named, known := 0, 0, nouns()
	for _, page := range pages {
		raw, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), "\\\n", " ")
		ofUs(t, page, others.ReplaceAllString(text, ""))
		for row := range strings.SplitSeq(text, "\n") {
			if line := words(row); len(line) > 0 && line[0] == "swaperoo" {
				typed++
				isCommand(t, page, line, true)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if line := words(m[1]); len(line) > 1 && slices.Contains(known, line[0]) {
				named++
				isCommand(t, page, line, false)
			}
		}
	}
	if typed < 40 || named < 70 {
		t.Errorf("%d lines and %d commands in sentences were found: the pattern does not fit", typed, named)
	}
}

// texts are the strings of a file, those that are put together with + as one. What is
// not known before it runs is the word X.
func texts(t *testing.T, file string) (out []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`%[a-z]`)
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch e := n.(type) {
		case *ast.ImportSpec, *ast.Field:
			return false // tags are in back quotes, too
		case *ast.BinaryExpr, *ast.BasicLit:
			if text := joined(e.(ast.Expr)); strings.ContainsAny(text, "`-") || strings.Contains(text, "swaperoo ") {
				out = append(out, verb.ReplaceAllString(text, "X"))
			}
			return false
		}
		return true
	})
	return out
}

func joined(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return joined(e.X) + joined(e.Y)
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return text
		}
	}
	return "X"
}

// words splits a line as a shell does, up to a comment or a redirection.
func words(line string) (out []string) {
	for _, w := range regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`).FindAllString(line, -1) {
		if strings.HasPrefix(w, "#") || strings.HasPrefix(w, ">") {
			break
		}
		out = append(out, strings.NewReplacer("'", "", `"`, "").Replace(w))
	}
	return out
}

// parties are the nouns that a text may leave out, where several have what follows.
var parties = []string{"", "wallet", "bank", "terminal"}

// nouns are the first words of commands, and of what is below a party.
func nouns() []string {
	out := []string{"swaperoo", "account", "customer", "instrument", "operation", "peer", "profile", "withdrawal"}
	for _, c := range root(cli.New()).Commands() {
		out = append(out, c.Name())
	}
	return out
}

// ofUs wants each flag that a text names to be one of a command.
func ofUs(t *testing.T, where, text string) {
	t.Helper()
	for _, m := range flags.FindAllStringSubmatch(text, -1) {
		if m[1] != "help" && m[1] != "product" && !hasFlag(root(cli.New()), m[1]) { // cobra's, and the vending machine's
			t.Errorf("%s names --%s, which no command has", where, m[1])
		}
	}
}

func hasFlag(c *cobra.Command, name string) bool {
	return c.Flags().Lookup(name) != nil || c.PersistentFlags().Lookup(name) != nil ||
		slices.ContainsFunc(c.Commands(), func(below *cobra.Command) bool { return hasFlag(below, name) })
}

// isCommand wants a command, and its arguments if it is whole or has any. Verbs may be
// alternatives: list|show|abort.
func isCommand(t *testing.T, where string, line []string, whole bool) {
	t.Helper()
	if line[0] == "swaperoo" {
		line = line[1:]
	}
	for n, w := range line {
		if n < 3 && strings.Contains(w, "|") && !whole {
			for one := range strings.SplitSeq(w, "|") {
				isCommand(t, where, slices.Concat(line[:n], []string{one}, line[n+1:]), whole)
			}
			return
		}
	}
	said := ""
	for _, party := range parties {
		args := line
		if party != "" {
			args = append([]string{party}, line...)
		}
		problem := parse(args, whole)
		if problem == "" {
			return
		}
		if said == "" {
			said = problem
		}
	}
	t.Errorf("%s names %q: %s", strings.TrimPrefix(where, "../../"), strings.Join(line, " "), said)
}

// parse says what is wrong with a command, if anything is. A word for a number is as
// good as a number, and an ellipsis stands for all that is missing.
func parse(args []string, whole bool) string {
	c, rest, err := root(cli.New()).Find(args)
	if err != nil {
		return err.Error()
	}
	if err := c.ParseFlags(rest); err != nil && !strings.Contains(err.Error(), "invalid argument") && !strings.Contains(err.Error(), "help requested") {
		return err.Error()
	}
	given := c.Flags().Args()
	if slices.Contains(given, "…") || !whole && len(given) == 0 {
		return ""
	}
	if err := c.ValidateArgs(given); err != nil {
		return err.Error()
	}
	return ""
}
