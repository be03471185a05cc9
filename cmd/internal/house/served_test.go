package house_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// A directory is served once, and again when that is over.
func TestADirectoryIsServedOnce(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		leave, err := house.Served(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := house.Served(dir); fault.KindOf(err) != fault.Locked || fault.ReasonOf(err) != "dir-in-use" {
			t.Errorf("another one: %v", err)
		}
		if err := leave(); err != nil {
			t.Fatal(err)
		}
	}
}
