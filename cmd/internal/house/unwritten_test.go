package house_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// What a disk does not take is said to be that, and no mistake of the seal or of the
// backup that is read: who is told so looks for another copy.
func TestWhatADiskDoesNotTake(t *testing.T) {
	const reason = "file-unwritable"
	path := filepath.Join(t.TempDir(), "b.age")
	err := house.WriteNew(path, func(w io.Writer) error {
		_ = house.BelowNew(w).Close()
		_, err := crypto.SealExport(w, secret("of the backup"), 1)
		return err
	})
	if fault.ReasonOf(err) != reason || !strings.Contains(err.Error(), path) {
		t.Errorf("of a backup it is said: %v", err)
	}
	member, err := os.Create(filepath.Join(t.TempDir(), "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := member.Close(); err != nil {
		t.Fatal(err)
	}
	f := used(t)
	sealed, err := os.Open(keep(t, f))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sealed.Close() }()
	archive, err := crypto.OpenExport(sealed, secret("of the backup"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = backup.Read(archive, backup.Wallet, func(string) (io.WriteCloser, error) { return house.Synced(member), nil })
	if fault.ReasonOf(err) != reason {
		t.Errorf("of a restore it is said: %v", err)
	}
}
