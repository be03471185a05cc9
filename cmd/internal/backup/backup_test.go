package backup_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

var made = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// placed keeps what an archive holds, as a restore would on disk.
type placed map[string]*bytes.Buffer

func (p placed) place(name string) (io.WriteCloser, error) {
	p[name] = &bytes.Buffer{}
	return closing{p[name]}, nil
}

type closing struct{ io.Writer }

func (closing) Close() error { return nil }

// sources are files with these contents; nil is a file that is not there.
func sources(t *testing.T, contents map[string][]byte) []backup.File {
	t.Helper()
	dir := t.TempDir()
	var out []backup.File
	for _, name := range []string{backup.Config, backup.Plugins, backup.Store, backup.Vault} {
		path := filepath.Join(dir, name)
		if text, ok := contents[name]; ok {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, backup.File{Name: name, Path: path})
	}
	return out
}

// sealed is a small backup under a passphrase that costs next to nothing.
func sealed(t *testing.T, word crypto.Secret, contents map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := crypto.SealExport(&out, word, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(w, backup.Wallet, made, sources(t, contents)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func opened(file []byte, word crypto.Secret) (backup.Manifest, placed, error) {
	got := placed{}
	r, err := crypto.OpenExport(bytes.NewReader(file), word)
	if err != nil {
		return backup.Manifest{}, got, err
	}
	m, err := backup.Read(r, backup.Wallet, got.place)
	return m, got, err
}

func word(text string) crypto.Secret { return crypto.NewSecret([]byte(text)) }

func TestABackupHoldsWhatWasThere(t *testing.T) {
	for _, row := range []struct {
		name     string
		contents map[string][]byte
	}{
		{"all of it", map[string][]byte{
			backup.Config: []byte("a = 1\n"), backup.Plugins: []byte("{}"), backup.Store: bytes.Repeat([]byte("page"), 50_000), backup.Vault: []byte("keys"),
		}},
		{"a wallet without plugins and settings", map[string][]byte{backup.Store: []byte("s"), backup.Vault: []byte("v")}},
		{"empty files", map[string][]byte{backup.Config: {}, backup.Store: {}, backup.Vault: {}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, got, err := opened(sealed(t, word("a"), row.contents), word("a"))
			if err != nil {
				t.Fatal(err)
			}
			if !m.Made.Equal(made) || len(got) != len(row.contents) || len(m.Members) != len(got) {
				t.Errorf("the manifest is %+v", m)
			}
			for name, want := range row.contents {
				if got[name] == nil || !bytes.Equal(got[name].Bytes(), want) {
					t.Errorf("%s is not as it was", name)
				}
			}
		})
	}
}

func TestAWalletWithoutItsKeysIsNoBackup(t *testing.T) {
	for _, missing := range []string{backup.Vault, backup.Store} {
		contents := map[string][]byte{backup.Store: []byte("s"), backup.Vault: []byte("v")}
		delete(contents, missing)
		if _, err := backup.Write(io.Discard, backup.Wallet, made, sources(t, contents)); fault.ReasonOf(err) != "backup-malformed" {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

// Any flipped bit, any cut and a wrong passphrase are refused, by a fault that a
// person is told.
func TestADamagedBackupIsRefused(t *testing.T) {
	file := sealed(t, word("a"), map[string][]byte{backup.Store: []byte("store"), backup.Vault: []byte("vault")})
	refused := func(what string, n int, file []byte, by string) {
		t.Helper()
		_, _, err := opened(file, word(by))
		if !errors.Is(err, fault.Invalid) && !errors.Is(err, fault.Denied) && !errors.Is(err, fault.Unsupported) {
			t.Errorf("%s %d: %v", what, n, err)
		}
	}
	for n := range file {
		changed := bytes.Clone(file)
		changed[n] ^= 1 << (n % 8)
		refused("flipped byte", n, changed, "a")
	}
	for n := range file {
		refused("cut at", n, file[:n], "a")
	}
	refused("more at the end", 1, append(bytes.Clone(file), 0), "a")
	if _, _, err := opened(file, word("b")); fault.ReasonOf(err) != "wrong-passphrase" || !errors.Is(err, fault.Denied) {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, _, err := opened(file, word("")); fault.ReasonOf(err) != "wrong-passphrase" {
		t.Errorf("no passphrase: %v", err)
	}
}

// A backup of several chunks of the seal, cut where one ends, must not look whole.
func TestACutBetweenChunksIsSeen(t *testing.T) {
	file := sealed(t, word("a"), map[string][]byte{backup.Store: bytes.Repeat([]byte{7}, 300<<10), backup.Vault: []byte("vault")})
	mac := bytes.Index(file, []byte("\n--- ")) + 1
	body := mac + bytes.IndexByte(file[mac:], '\n') + 1 + 16 // and a nonce
	cuts := 0
	for at := body; at < len(file); at += 64<<10 + 16 {
		for _, n := range []int{at - 1, at, at + 1} {
			if _, _, err := opened(file[:n], word("a")); err == nil {
				t.Errorf("cut at %d of %d it is taken for whole", n, len(file))
			}
		}
		cuts++
	}
	if cuts < 5 {
		t.Errorf("it has %d chunks", cuts)
	}
}

// Two kinds of parties have two kinds of backups, and neither is taken for the other.
func TestABackupIsOfOneKind(t *testing.T) {
	dir := t.TempDir()
	var files []backup.File
	for _, name := range []string{
		backup.Config, backup.Credentials, "exchange-credentials-Bern.conf", "exchange-credentials-zurich.conf",
		backup.Key, backup.Plugins, backup.Store, backup.Vault,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("the "+name), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, backup.File{Name: name, Path: path})
	}
	var bank, wallet bytes.Buffer
	if _, err := backup.Write(&bank, backup.Bank, made, files); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(&wallet, backup.Wallet, made, sources(t, map[string][]byte{backup.Store: []byte("s"), backup.Vault: []byte("v")})); err != nil {
		t.Fatal(err)
	}
	got := placed{}
	m, err := backup.Read(bytes.NewReader(bank.Bytes()), backup.Bank, got.place)
	if err != nil || len(got) != len(files) || got[backup.Key].String() != "the node.key" || m.Kind != backup.Bank {
		t.Errorf("%+v, %v", m, err)
	}
	for kind, file := range map[backup.Kind][]byte{backup.Wallet: bank.Bytes(), backup.Bank: wallet.Bytes()} {
		if _, err := backup.Read(bytes.NewReader(file), kind, placed{}.place); fault.ReasonOf(err) != "backup-of-another" {
			t.Errorf("as a backup of a %s: %v", kind, err)
		}
	}
	if _, err := backup.Write(io.Discard, backup.Bank, made, files[:2]); fault.ReasonOf(err) != "backup-malformed" {
		t.Errorf("without a key: %v", err)
	}
	if _, err := backup.Write(io.Discard, backup.Wallet, made, files); fault.ReasonOf(err) != "backup-malformed" {
		t.Errorf("a wallet with a node's key: %v", err)
	}
	for name, swap := range map[string][2]int{"in another order": {2, 3}, "in another place": {1, 2}} {
		moved := slices.Clone(files)
		moved[swap[0]], moved[swap[1]] = moved[swap[1]], moved[swap[0]]
		if _, err := backup.Write(io.Discard, backup.Bank, made, moved); fault.ReasonOf(err) != "backup-malformed" {
			t.Errorf("credentials %s: %v", name, err)
		}
	}
	for _, name := range []string{"exchange-credentials-.conf", "exchange-credentials-../x.conf", "exchange-credentials-a/b.conf", "exchange-credentials-a.conf.new", "node.key"} {
		if backup.Further(name) {
			t.Errorf("%q is taken for credentials", name)
		}
	}
	strange := file("manifest.json", `{"format":1,"kind":"till","made":"2026-05-04T03:02:01Z","members":null}`+"\n")
	if _, err := backup.Read(bytes.NewReader(archived(t, []raw{strange})), backup.Bank, placed{}.place); fault.ReasonOf(err) != "backup-malformed" {
		t.Errorf("of an unknown kind: %v", err)
	}
}
