//go:build unix

package stream_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/commtest"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
)

func TestASocketIsItsOwnersAlone(t *testing.T) {
	path := open(t, newIdentity(t).options(), commtest.Echo()).Address().Path
	for name, want := range map[string]os.FileMode{path: os.ModeSocket | 0o600, filepath.Dir(path): os.ModeDir | 0o700} {
		info, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has the mode %v, want %v", name, info.Mode(), want)
		}
	}
}

// What a killed process left behind is replaced; what somebody uses, or is no
// socket, is not.
func TestWhatIsAtThePathOfASocket(t *testing.T) {
	listen := func(path string) (comm.Listener, error) {
		return stream.New(newIdentity(t).options()).Listen(t.Context(), comm.Address{Scheme: stream.Unix, Path: path},
			func(comm.Conn) (comm.Handler, error) { return commtest.Echo(), nil })
	}
	leftOver := func(t *testing.T, path string) {
		door, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		door.SetUnlinkOnClose(false)
		_ = door.Close()
	}
	for _, row := range []struct {
		name   string
		there  func(t *testing.T, path string)
		reason fault.Reason
	}{
		{"nothing", func(*testing.T, string) {}, ""},
		{"a socket that is left over", leftOver, ""},
		{"a socket that is used", func(t *testing.T, path string) {
			door, err := listen(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = door.Close() })
		}, "address-taken"},
		{"a socket of another kind", func(t *testing.T, path string) {
			other, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = other.Close() })
		}, "address-taken"},
		{"a file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "address-taken"},
		{"a link to a socket that is left over", func(t *testing.T, path string) {
			leftOver(t, path+"2")
			if err := os.Symlink(path+"2", path); err != nil {
				t.Fatal(err)
			}
		}, "address-taken"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := socket(t)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			row.there(t, path)
			before, _ := os.Lstat(path)
			door, err := listen(path)
			if fault.ReasonOf(err) != row.reason {
				t.Fatalf("listening: %v", err)
			}
			if err != nil {
				if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
					t.Errorf("what was there is not there any more: %v", err)
				}
				return
			}
			echoes(t, dial(t, newIdentity(t).options(), door.Address(), &commtest.Handler{}))
			if err := door.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path); !os.IsNotExist(err) {
				t.Errorf("after its end the socket is there: %v", err)
			}
		})
	}
}
