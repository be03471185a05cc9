package house_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// TestAFlippedBitTakesNothingOffTheMark: an id with another letter would name nothing, and what it
// was meant for could pay unchecked. Such a mark cannot be read, so that the wallet stays shut.
func TestAFlippedBitTakesNothingOffTheMark(t *testing.T) {
	f := house.Files{Dir: filepath.Join(t.TempDir(), "wallet")}
	if _, err := f.Restore(t.Context(), backup.Wallet, keep(t, used(t)), secret("of the backup"), restoredAt, nil); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(f.Dir, "restored.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := f.Mark()
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(text) {
		flipped := append([]byte(nil), text...)
		flipped[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(file, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := f.Mark()
		if fault.ReasonOf(err) == "mark-unreadable" {
			continue
		}
		if m != nil {
			m.Sum = want.Sum // without a sum it is a mark of earlier versions
		}
		if err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("with bit %d flipped the mark is %+v, %v", bit, m, err)
		}
	}
}

// What a restored party must not have is taken out before it is one: nobody who opens it early, and no
// end in between, finds it still there.
func TestARestoredPartyIsOneAfterItIsReady(t *testing.T) {
	path := keep(t, used(t))
	f := house.Files{Dir: filepath.Join(t.TempDir(), "wallet")}
	refused := fault.New(fault.Internal, "not ready")
	_, err := f.Restore(t.Context(), backup.Wallet, path, secret("of the backup"), restoredAt, func(at house.Files) error {
		if _, err := os.Stat(at.Config()); err != nil || at.Dir == f.Dir || at.Check() == nil {
			t.Errorf("what is made ready in %s: %v, %v", at.Dir, err, at.Check())
		}
		return refused
	})
	if left := names(t, filepath.Dir(f.Dir)); !errors.Is(err, refused) || len(left) != 0 {
		t.Errorf("it ended with %v, and there is %v", err, left)
	}
}
