package bank_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/term"

	"github.com/swaperoo/swaperoo/comm/stream/streamtest"
)

// seat puts a person before the operator's terminal, and gives what they type with.
func (d *desk) seat() *os.File {
	d.t.Helper()
	screen, keyboard, _ := streamtest.Cable(d.t)
	open := func(path string) *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0)
		if err != nil {
			d.t.Fatal(err)
		}
		d.t.Cleanup(func() { _ = f.Close() })
		return f
	}
	d.in = open(screen)
	keys := open(keyboard)
	if _, err := term.MakeRaw(int(keys.Fd())); err != nil { // what the screen shows is not typed again
		d.t.Fatal(err)
	}
	return keys
}

// TestARestoredBankAsksForItsNumber at a terminal, and takes no other answer for
// one.
func TestARestoredBankAsksForItsNumber(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	word, file := filepath.Join(t.TempDir(), "word"), filepath.Join(t.TempDir(), "bank.age")
	if err := os.WriteFile(word, []byte("of the backup\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.does(nil, "backup", file, "--passphrase-file", word)
	d.dir = filepath.Join(t.TempDir(), "new")
	keys := d.seat()
	for _, row := range []struct {
		typed string
		code  int
		says  string
		args  []string
	}{
		{"many\n", 2, `"many" is no number of a row`, []string{file, "--passphrase-file", word}},
		{"0\n", 2, `"0" is no number of a row`, nil},
		{"-5\n", 2, `"-5" is no number of a row`, nil},
		{"\n", 0, "--next-incoming N", nil},
		{"20000000\n", 5, "cannot be 20000000", nil},
		{" 5000 \n", 0, "goes on with row 5000", nil},
	} {
		if _, err := keys.WriteString(row.typed); err != nil {
			t.Fatal(err)
		}
		var out, told bytes.Buffer
		d.err = &told
		code := d.command(t.Context(), &out, append([]string{"restore", "--json=false"}, row.args...)...)
		said := told.String() + out.String()
		if code != row.code || !strings.Contains(said, row.says) {
			t.Errorf("after %q: exit %d: %s", row.typed, code, said)
		}
		if !strings.Contains(told.String(), "reserves_in") || !strings.Contains(told.String(), "Number of the next row: ") {
			t.Errorf("the question is %q", told.String())
		}
	}
	d.in = nil
	d.refuses(5, "not-restored", "restore")
	d.serves()
}
