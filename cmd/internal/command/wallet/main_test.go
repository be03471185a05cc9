package wallet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/wallet"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/plugins/bundled"
)

// TestMain makes the test binary a plugin as well: a wallet starts the file that
// it runs from.
func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	os.Exit(run(m))
}

// templates is a directory for what all tests get copies of.
var templates string

func run(m *testing.M) int {
	var err error
	if templates, err = os.MkdirTemp("", "templates"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(templates)
	return m.Run()
}

// user is a person without a terminal, such as a script: commands get what is in
// files, and nobody can be asked.
type user struct {
	t    *testing.T
	dir  string // of the wallet
	word string // file with the passphrase
	in   string // what standard input holds
	lang string // their locale
}

// said is what a command has said.
type said struct {
	code     int
	out, err string
}

// newUser is somebody without a wallet.
func newUser(t *testing.T) *user {
	t.Helper()
	u := &user{t: t, dir: filepath.Join(t.TempDir(), "wallet")}
	u.word = u.file("a passphrase\n")
	return u
}

// newOwner is somebody with a fresh wallet.
func newOwner(t *testing.T) *user {
	t.Helper()
	u := newUser(t)
	u.does(nil, "init")
	return u
}

// file puts a text into a file for its owner.
func (u *user) file(text string) string {
	u.t.Helper()
	path := filepath.Join(u.t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		u.t.Fatal(err)
	}
	return path
}

// run runs `swaperoo wallet …` in this process.
func (u *user) run(args ...string) clitest.Said {
	u.t.Helper()
	in, err := os.Open(u.file(u.in))
	if err != nil {
		u.t.Fatal(err)
	}
	defer in.Close()
	environ := map[string]string{"SWAPEROO_PASSPHRASE_FILE": u.word, "LANG": u.lang}
	e := &cli.Env{LockBy: crypto.QuickPassphrase, SealWork: 1, In: in, Environ: func(name string) string { return environ[name] }}
	return clitest.Says(u.t.Context(), e, wallet.Command, append([]string{"wallet", "--dir", u.dir}, args...)...)
}

func (u *user) says(args ...string) said {
	u.t.Helper()
	got := u.run(args...)
	return said{got.Code, got.Out, got.Err}
}

// does runs a command with --json that must work, and reads the one object that
// it prints; members that into does not have are a mistake of the test.
func (u *user) does(into any, args ...string) {
	u.t.Helper()
	u.run(append(args, "--json")...).Worked(u.t, into)
}

// refuses runs a command with --json that must not work, and checks exit code
// and reason. Every refusal says what failed.
func (u *user) refuses(code int, reason string, args ...string) {
	u.t.Helper()
	u.run(append(args, "--json")...).Refused(u.t, code, reason)
}
