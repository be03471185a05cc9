//go:build unix

package house_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// A directory in which nothing can be written is told so.
func TestAPartyThatCannotBeWrittenTo(t *testing.T) {
	f := made(t, "open sesame")
	o := options(f, "open sesame")
	o.Alone = true
	if err := os.Mkdir(f.Lock(), 0o700); err != nil { // as good as a disk that is read-only
		t.Fatal(err)
	}
	if _, err := house.Open(t.Context(), o); fault.ReasonOf(err) != "file-unwritable" {
		t.Errorf("with no lock file: %v", err)
	}
}

// A share of the network may have no locks: a backup is written there all the same. One
// that somebody holds is theirs, and any other failure is no word about locks.
func TestAFileSystemWithoutLocks(t *testing.T) {
	for _, without := range []error{syscall.ENOTSUP, syscall.ENOLCK, syscall.ENOSYS, syscall.EINVAL, &os.PathError{Err: syscall.EOPNOTSUPP}} {
		if !house.Lockless(without) {
			t.Errorf("%v is taken for a lock that somebody has", without)
		}
	}
	for _, with := range []error{nil, syscall.EWOULDBLOCK, syscall.EBADF, syscall.EIO} {
		if house.Lockless(with) {
			t.Errorf("%v is taken for a file system without locks", with)
		}
	}
}
