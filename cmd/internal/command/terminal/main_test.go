package terminal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
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

// run runs `swaperoo terminal …` in this process. The token is in nothing that
// any command says.
func (s *shop) run(args ...string) clitest.Said {
	s.t.Helper()
	in, err := os.Open(s.file(s.in))
	if err != nil {
		s.t.Fatal(err)
	}
	defer in.Close()
	said := clitest.Says(s.t.Context(), &cli.Env{In: in}, terminal.Command, append([]string{"terminal", "--dir", s.dir, "-v"}, args...)...)
	if strings.Contains(said.Out+said.Err, "hunter2") {
		s.t.Errorf("%s shows the token:\n%s%s", strings.Join(args, " "), said.Out, said.Err)
	}
	return said
}

func (s *shop) says(args ...string) (code int, out, messages string) {
	s.t.Helper()
	said := s.run(args...)
	return said.Code, said.Out, said.Err
}

// does runs a command with --json that must work.
func (s *shop) does(into any, args ...string) {
	s.t.Helper()
	s.run(append(args, "--json")...).Worked(s.t, into)
}

// refuses runs a command with --json that must not work.
func (s *shop) refuses(code int, reason string, args ...string) {
	s.t.Helper()
	s.run(append(args, "--json")...).Refused(s.t, code, reason)
}
