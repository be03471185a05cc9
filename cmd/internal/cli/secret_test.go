package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
)

func TestAPassphraseComesFromAFileOrADescriptor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passphrase")
	for _, row := range []struct{ name, text, want string }{
		{"a line", "open sesame\n", "open sesame"},
		{"a line of Windows", "open sesame\r\n", "open sesame"},
		{"no end of line", "open sesame", "open sesame"},
		{"blanks belong to it", " open \n", " open "},
		{"nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			e, _, _ := env(false)
			e.PassFile = path
			got, err := e.Passphrase(t.Context(), false)
			if err != nil || string(got.Bytes()) != row.want {
				t.Errorf("from the file: %v", err)
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.WriteString(row.text); err != nil {
				t.Fatal(err)
			}
			_ = w.Close()
			e, _, _ = env(false)
			e.PassFile, e.PassFD = "/nowhere", int(r.Fd()) // the descriptor counts
			got, err = e.Passphrase(t.Context(), false)
			if err != nil || string(got.Bytes()) != row.want {
				t.Errorf("from the descriptor: %v", err)
			}
		})
	}
}

func TestADescriptorThatIsNotOpenIsNamed(t *testing.T) {
	e, _, _ := env(false)
	e.PassFD = 7000
	if _, err := e.Passphrase(t.Context(), false); err == nil || !strings.Contains(err.Error(), "descriptor 7000 cannot be read") {
		t.Errorf("error = %v", err)
	}
}

func TestASecretThatCannotBeReadIsNotShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(strings.Repeat("hunter2", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	e, _, _ := env(false)
	for _, from := range []string{path, "/nowhere"} {
		_, err := e.SecretFile(t.Context(), from)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", from, err)
		}
	}
}

func TestDashIsStandardInput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("  taler://withdraw/x\n"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	e, _, _ := env(false)
	e.In = r
	if got, err := e.Text("-"); err != nil || got != "taler://withdraw/x" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := e.Name(" ABCD-EFGH… \n"); err != nil || got != "ABCD-EFGH" {
		t.Errorf("the name is %q, %v", got, err)
	}
	if got, err := e.Text("as it is "); err != nil || got != "as it is " {
		t.Errorf("%q, %v", got, err)
	}
	big, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	_ = big.Close()
	e.In = big
	if _, err := e.Text("-"); cli.ExitCode(err) != cli.ExitUsage {
		t.Errorf("an input that cannot be read: %v", err)
	}
}
