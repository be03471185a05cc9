package crypto_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

func exported(t testing.TB, text, word string, work int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := crypto.SealExport(&out, crypto.NewSecret([]byte(word)), work)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func imported(file []byte, word string) (string, error) {
	r, err := crypto.OpenExport(bytes.NewReader(file), crypto.NewSecret([]byte(word)))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}

func TestAnExportOpensByItsPassphrase(t *testing.T) {
	file := exported(t, "what is kept", "a word", 1)
	if bytes.Contains(file, []byte("kept")) || !bytes.HasPrefix(file, []byte("age-encryption.org/v1\n")) {
		t.Error("it is no age file")
	}
	if text, err := imported(file, "a word"); err != nil || text != "what is kept" {
		t.Errorf("it holds %q, %v", text, err)
	}
	for word, reason := range map[string]fault.Reason{"another": "wrong-passphrase", "": "wrong-passphrase"} {
		if _, err := imported(file, word); fault.ReasonOf(err) != reason || fault.KindOf(err) != fault.Denied {
			t.Errorf("by %q: %v", word, err)
		}
	}
	if _, err := crypto.SealExport(io.Discard, crypto.NewSecret(nil), 1); fault.ReasonOf(err) != "passphrase-empty" {
		t.Errorf("under no passphrase: %v", err)
	}
}

// A file that was cut or changed, at its end even, is no backup: that is said in our words, and no
// part of it is taken for all.
func TestADamagedExportIsRefused(t *testing.T) {
	file := exported(t, "what is kept", "a word", 1)
	for n := range len(file) {
		changed := bytes.Clone(file)
		changed[n] ^= 0x40
		for _, bad := range [][]byte{changed, file[:n]} {
			if bytes.Contains(bad, []byte("-> scrypt")) && !bytes.Contains(bad, []byte(" 1\n")) {
				continue // dear on purpose
			}
			if text, err := imported(bad, "a word"); fault.ReasonOf(err) != "export-damaged" && fault.ReasonOf(err) != "wrong-passphrase" {
				t.Errorf("at %d it holds %q, %v", n, text, err)
			}
		}
	}
}

// A file may not let whoever opens it work for hours, or fill their memory.
func TestAnExportAsksForNoMoreWorkThanOurs(t *testing.T) {
	file := exported(t, "x", "a word", 9)
	dear := bytes.Replace(file, []byte(" 9\n"), fmt.Appendf(nil, " %d\n", crypto.ExportWork+1), 1)
	if bytes.Equal(dear, file) {
		t.Fatal("the header does not say its cost where it should")
	}
	if _, err := imported(dear, "a word"); fault.ReasonOf(err) != "export-damaged" {
		t.Errorf("error = %v", err)
	}
}

func FuzzOpenExport(f *testing.F) {
	f.Add(exported(f, "what is kept", "a word", 1))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Add([]byte{})
	whole := exported(f, "what is kept", "a word", 1)
	f.Fuzz(func(t *testing.T, file []byte) {
		if bytes.Contains(file, []byte("-> scrypt")) && !bytes.Contains(file, []byte(" 1\n")) {
			return // dear on purpose
		}
		text, err := imported(file, "a word")
		switch {
		case err != nil && fault.ReasonOf(err) == "":
			t.Errorf("no fault: %v", err)
		case err == nil && text != "what is kept" && !bytes.Equal(file, whole):
			t.Errorf("somebody without the passphrase has made %q", text)
		}
	})
}
