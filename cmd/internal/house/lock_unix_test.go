//go:build unix

package house_test

import (
	"os"
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
