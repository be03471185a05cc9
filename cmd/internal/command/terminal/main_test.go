package terminal_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/command/terminal"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

// TestMain makes the test binary a plugin as well: a terminal starts the file
// that it runs from.
func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	os.Exit(m.Run())
}

// shop is somebody with a terminal, or who wants one. Nobody stands in front of
// it: no command can ask.
type shop struct {
	t   *testing.T
	dir string
	in  string // what standard input holds
}

func newShop(t *testing.T) *shop {
	return &shop{t: t, dir: filepath.Join(t.TempDir(), "terminal")}
}

// token is what a terminal's token looks like in these tests.
const token = "secret-token:hunter2hunter2hunter2"

// open makes a terminal of the bank at an address.
func (s *shop) open(bank string) {
	s.t.Helper()
	s.does(nil, "init", "--bank", bank, "--login", "till", "--token-file", s.file(token+"\n"))
}

func (s *shop) file(text string) string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// says runs `swaperoo terminal …` in this process. The token is in nothing that
// any command says.
func (s *shop) says(args ...string) (code int, out, messages string) {
	s.t.Helper()
	in, err := os.Open(s.file(s.in))
	if err != nil {
		s.t.Fatal(err)
	}
	defer in.Close()
	var o, m bytes.Buffer
	e := &cli.Env{In: in, Out: &o, Err: &m, Environ: func(string) string { return "" }}
	c := &cobra.Command{Use: "swaperoo", SilenceUsage: true, SilenceErrors: true}
	e.Flags(c)
	c.AddCommand(terminal.Command(e))
	c.SetOut(&o)
	c.SetArgs(append([]string{"terminal", "--dir", s.dir, "-v"}, args...))
	code = e.Fail(c.ExecuteContext(s.t.Context()))
	if strings.Contains(o.String()+m.String(), "hunter2") {
		s.t.Errorf("%s shows the token:\n%s%s", strings.Join(args, " "), o.String(), m.String())
	}
	return code, o.String(), m.String()
}

// does runs a command with --json that must work.
func (s *shop) does(into any, args ...string) {
	s.t.Helper()
	code, out, messages := s.says(append(args, "--json")...)
	if code != 0 {
		s.t.Fatalf("%s: exit %d: %s%s", strings.Join(args, " "), code, out, messages)
	}
	if into != nil {
		d := json.NewDecoder(strings.NewReader(out))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			s.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
		}
	}
}

// refuses runs a command with --json that must not work.
func (s *shop) refuses(code int, reason string, args ...string) {
	s.t.Helper()
	got, out, _ := s.says(append(args, "--json")...)
	var told struct {
		Error struct{ Kind, Reason, Message, Hint string }
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		s.t.Fatalf("%s: exit %d, %v: %s", strings.Join(args, " "), got, err, out)
	}
	if got != code || told.Error.Reason != reason || told.Error.Message == "" {
		s.t.Errorf("%s: exit %d and %+v, want %d and %s", strings.Join(args, " "), got, told.Error, code, reason)
	}
}
