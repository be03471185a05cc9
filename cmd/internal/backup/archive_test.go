package backup_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/comm/fault"
)

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
		if len(got) != len(m.Members) || got[backup.Vault] == nil || got[backup.Store] == nil {
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
