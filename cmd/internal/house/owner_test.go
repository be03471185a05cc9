//go:build unix

package house_test

import (
	"os"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/backup"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// Nobody works in the directory of another user, least of all root, whose files the
// party's own processes could not use any more: a bank would not start again.
func TestADirectoryOfAnotherUserIsRefused(t *testing.T) {
	f, another := made(t, "open sesame"), "/"
	if err := f.Check(); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if os.Geteuid() == 0 {
		another = f.Dir
		if err := os.Chown(another, 65534, -1); err != nil {
			t.Fatal(err)
		}
		if err := f.Check(); fault.ReasonOf(err) != "dir-foreign" || fault.KindOf(err) != fault.Denied {
			t.Errorf("another's is opened by root: %v", err)
		}
		empty := house.Files{Dir: t.TempDir()}
		if err := os.Chown(empty.Dir, 65534, -1); err != nil {
			t.Fatal(err)
		}
		_, err := empty.Restore(t.Context(), backup.Wallet, "none.age", secret("of the backup"), restoredAt, nil)
		if fault.ReasonOf(err) != "dir-foreign" {
			t.Errorf("another's is restored by root: %v", err)
		}
	}
	info, err := os.Stat(another)
	if err != nil {
		t.Fatal(err)
	}
	if err := house.Foreign(f, info); fault.ReasonOf(err) != "dir-foreign" {
		t.Errorf("another's: %v", err)
	}
}

// What this user may not look into is not said to be empty.
func TestADirectoryThatIsClosedIsNotEmpty(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root looks into everything")
	}
	f := made(t, "open sesame")
	chmod(t, f.Dir, 0)
	defer chmod(t, f.Dir, 0o700)
	if err := f.Check(); fault.ReasonOf(err) != "dir-foreign" {
		t.Errorf("error = %v", err)
	}
}
