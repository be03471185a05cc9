package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestWhatEveryCommandHas: the same flags everywhere, none of which is a secret.
func TestWhatEveryCommandHas(t *testing.T) {
	e, _, _ := env(false)
	e.Environ = func(name string) string {
		return map[string]string{"SWAPEROO_PASSPHRASE_FILE": "/from/environment", "SWAPEROO_USER": "gary", "SWAPEROO_PASSPHRASE": "hunter2"}[name]
	}
	c := cli.Group("swaperoo", "Test")
	e.Flags(c)
	for _, name := range []string{"json", "no-input", "dir", "passphrase-file", "passphrase-fd", "trust", "allow-http", "user", "verbose"} {
		if c.PersistentFlags().Lookup(name) == nil {
			t.Errorf("there is no --%s", name)
		}
	}
	if c.PersistentFlags().Lookup("passphrase") != nil {
		t.Error("a passphrase can be an argument")
	}
	if e.PassFile != "/from/environment" || e.User != "gary" {
		t.Errorf("the environment says %q and %q", e.PassFile, e.User)
	}
	if err := c.ParseFlags([]string{"--passphrase-file", "/said", "--user", "amy", "--json", "-v"}); err != nil {
		t.Fatal(err)
	}
	if e.PassFile != "/said" || e.User != "amy" || !e.JSON || !e.Verbose {
		t.Errorf("what is said does not count: %+v", e.PassFile)
	}
}

func TestANounHasItsVerbs(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		ran  bool
		fail bool
		help bool
	}{
		{"the verb", []string{"count"}, true, false, false},
		{"no verb", nil, false, false, true},
		{"no verb for a script", []string{"--json"}, false, true, false},
		{"another verb", []string{"sell"}, false, true, false},
		{"too much", []string{"count", "twice"}, false, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			ran := false
			verb := &cobra.Command{Use: "count", Short: "Count beads", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { ran = true; return nil }}
			c := cli.Group("beads", "Hold beads", verb)
			c.PersistentFlags().Bool("json", false, "")
			c.SilenceUsage, c.SilenceErrors = true, true
			var out bytes.Buffer
			c.SetOut(&out)
			c.SetArgs(row.args)
			if row.args == nil {
				c.SetArgs([]string{})
			}
			if err := c.Execute(); ran != row.ran || (err != nil) != row.fail || strings.Contains(out.String(), "Count beads") != row.help {
				t.Errorf("ran: %t, %v\n%s", ran, err, out.String())
			}
		})
	}
}

func TestAFlagThatIsNeededIsNamed(t *testing.T) {
	c := &cobra.Command{Use: "init"}
	c.Flags().String("bank", "", "")
	c.Flags().String("login", "", "")
	c.Flags().String("fees", "none", "")
	if err := c.ParseFlags([]string{"--bank", "x", "--login", ""}); err != nil {
		t.Fatal(err)
	}
	if err := cli.Require(c, "bank"); err != nil {
		t.Errorf("what is there: %v", err)
	}
	for _, missing := range []string{"login", "fees", "never-declared"} {
		if err := cli.Require(c, "bank", missing); cli.ExitCode(err) != cli.ExitUsage || !strings.Contains(fault.From(err).Message, "--"+missing) {
			t.Errorf("%s: %v", missing, err)
		}
	}
}

// TestTheLogIsQuietUnlessAsked, and on standard error: what scripts read is data.
func TestTheLogIsQuietUnlessAsked(t *testing.T) {
	for _, verbose := range []bool{false, true} {
		e, out, messages := env(true)
		e.Verbose = verbose
		log := e.Log()
		log.Debug("a detail")
		log.Warn("a warning")
		if out.Len() != 0 || strings.Contains(messages.String(), "a detail") != verbose || !strings.Contains(messages.String(), "a warning") {
			t.Errorf("verbose %t: %q and %q", verbose, out, messages)
		}
	}
	e, out, messages := env(true)
	if e.Say("half %d", 50); out.Len() != 0 || messages.String() != "half 50\n" {
		t.Errorf("%q and %q", out, messages)
	}
	if e.Colour() || e.Terminal() {
		t.Error("a file is taken for a terminal")
	}
}

// TestAnInternalFaultIsToldToItsOwner, who is the operator of this process; what
// scripts read has no causes in it.
func TestAnInternalFaultIsToldToItsOwner(t *testing.T) {
	err := fault.Wrap(os.ErrClosed, fault.Internal, "the books cannot be read")
	e, _, messages := env(false)
	if code := e.Fail(err); code != cli.ExitFailed || !strings.Contains(messages.String(), os.ErrClosed.Error()) {
		t.Errorf("exit %d: %q", code, messages)
	}
	e, out, _ := env(true)
	if code := e.Fail(err); code != cli.ExitFailed || strings.Contains(out.String(), os.ErrClosed.Error()) {
		t.Errorf("exit %d: %q", code, out)
	}
	if code := e.Fail(nil); code != cli.ExitOK {
		t.Errorf("nothing fails with %d", code)
	}
}

func TestStandardInputHasABound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	for size, code := range map[int]int{0: 0, 64 << 10: 0, 64<<10 + 1: cli.ExitUsage} {
		if err := os.WriteFile(path, bytes.Repeat([]byte("x"), size), 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		e, _, _ := env(false)
		e.In = in
		if got, err := e.Text("-"); cli.ExitCode(err) != code || err == nil && len(got) != size {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		_ = in.Close()
	}
}

func TestASecretInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("secret-token:x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, _, _ := env(false)
	if got, err := e.SecretFile(t.Context(), path); err != nil || got != "secret-token:x" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := e.NewPassphrase(t.Context(), "", -1); cli.ExitCode(err) != cli.ExitInput {
		t.Errorf("a new passphrase from nobody: %v", err)
	}
	if got, err := e.NewPassphrase(t.Context(), path, -1); err != nil || string(got.Bytes()) != "secret-token:x" {
		t.Errorf("a new passphrase from a file: %v", err)
	}
}
