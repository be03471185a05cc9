package backup_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
			if !m.Made.Equal(made) || len(got) != len(row.contents) || m.Has(backup.Config) != (row.contents[backup.Config] != nil) {
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

// raw is an archive by hand.
type raw struct {
	tar.Header
	body []byte
}

func archived(t testing.TB, members []raw) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, x := range members {
		x.Size = int64(len(x.body))
		if x.Typeflag != tar.TypeReg {
			x.Size = 0
		}
		if err := w.WriteHeader(&x.Header); err != nil {
			t.Fatal(err)
		}
		if x.Size > 0 {
			if _, err := w.Write(x.body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func file(name, body string) raw {
	return raw{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600}, []byte(body)}
}

func manifest(t testing.TB, members ...raw) raw {
	t.Helper()
	m := backup.Manifest{Format: 1, Made: made}
	for _, x := range members {
		sum := sha256.Sum256(x.body)
		m.Members = append(m.Members, backup.Member{Name: x.Name, Size: int64(len(x.body)), SHA256: hex.EncodeToString(sum[:])})
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return file("manifest.json", string(text)+"\n")
}

// Whoever knows the passphrase may write what they like into an archive; it
// reaches no other file and is nothing but a backup.
func TestAnArchiveChoosesNothing(t *testing.T) {
	store, vault := file(backup.Store, "s"), file(backup.Vault, "v")
	away := file("../vault.json", "v")
	link := raw{tar.Header{Typeflag: tar.TypeSymlink, Name: backup.Store, Linkname: "/etc/passwd"}, []byte("s")}
	long := file(backup.Config, string(make([]byte, 1<<20+1)))
	good := []raw{manifest(t, store, vault), store, vault}
	if _, err := backup.Read(bytes.NewReader(archived(t, good)), backup.Wallet, placed{}.place); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for _, row := range []struct {
		name    string
		members []raw
	}{
		{"nothing", nil},
		{"no manifest", []raw{store, vault}},
		{"a path", []raw{manifest(t, store, away), store, away}},
		{"a path that the manifest does not name", []raw{manifest(t, store, vault), store, away}},
		{"a link", []raw{manifest(t, store, vault), link, vault}},
		{"too large", []raw{manifest(t, long, store, vault), long, store, vault}},
		{"in another order", []raw{manifest(t, vault, store), vault, store}},
		{"one twice", []raw{manifest(t, store, vault, vault), store, vault, vault}},
		{"one too few", []raw{manifest(t, store, vault), store}},
		{"one more", []raw{manifest(t, store, vault), store, vault, file("node.key", "k")}},
		{"other content", []raw{manifest(t, store, vault), file(backup.Store, "t"), vault}},
		{"other size", []raw{manifest(t, store, vault), file(backup.Store, "ss"), vault}},
		{"a blank in the manifest", []raw{file("manifest.json", " "+string(good[0].body)), store, vault}},
		{"a manifest without end", []raw{file("manifest.json", string(make([]byte, 1<<15)))}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := placed{}
			_, err := backup.Read(bytes.NewReader(archived(t, row.members)), backup.Wallet, got.place)
			if fault.ReasonOf(err) != "backup-malformed" {
				t.Errorf("error = %v", err)
			}
			for name := range got {
				if name != backup.Store && name != backup.Vault && name != backup.Config {
					t.Errorf("it has placed %q", name)
				}
			}
		})
	}
	t.Run("a later format", func(t *testing.T) {
		_, err := backup.Read(bytes.NewReader(archived(t, []raw{file("manifest.json", `{"format":2}`+"\n")})), backup.Wallet, placed{}.place)
		if fault.ReasonOf(err) != "backup-newer" {
			t.Errorf("error = %v", err)
		}
	})
	t.Run("something behind it", func(t *testing.T) {
		_, err := backup.Read(bytes.NewReader(append(archived(t, good), "more"...)), backup.Wallet, placed{}.place)
		if fault.ReasonOf(err) != "backup-malformed" {
			t.Errorf("error = %v", err)
		}
	})
}

// FuzzRead reads what somebody with the passphrase has written: it ends with a
// fault or with what the manifest says, and places only members of the format.
func FuzzRead(f *testing.F) {
	store, vault := file(backup.Store, "s"), file(backup.Vault, "v")
	f.Add(archived(f, []raw{manifest(f, store, vault), store, vault}))
	f.Add(archived(f, []raw{manifest(f, file(backup.Config, ""), store, vault), file(backup.Config, ""), store, vault}))
	f.Add(archived(f, nil))
	f.Add([]byte("manifest.json"))
	f.Add(archived(f, []raw{file("manifest.json", `{"format":1,"kind":"bank"}`+"\n")}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		got := placed{}
		m, err := backup.Read(bytes.NewReader(archive), backup.Wallet, got.place)
		if fault.ReasonOf(err) == "backup-of-another" {
			m, err = backup.Read(bytes.NewReader(archive), backup.Bank, got.place)
		}
		if err != nil {
			if fault.ReasonOf(err) == "" {
				t.Errorf("no fault: %v", err)
			}
			return
		}
		if len(got) != len(m.Members) || !m.Has(backup.Vault) || !m.Has(backup.Store) {
			t.Errorf("%d members placed, the manifest is %+v", len(got), m)
		}
		for _, x := range m.Members {
			sum := sha256.Sum256(got[x.Name].Bytes())
			if hex.EncodeToString(sum[:]) != x.SHA256 {
				t.Errorf("%s is not what the manifest says", x.Name)
			}
		}
	})
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
