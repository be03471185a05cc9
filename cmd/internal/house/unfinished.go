package house

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/swaperoo/swaperoo/crypto/disk"
)

// unfinished is in the names of files that a backup makes on its way. Its process holds them
// locked as long as it lives.
const unfinished = ".unfinished-"

// sweep removes what an earlier backup to the same place left when it was killed: files with
// such a name that are only for this user and that nobody holds. What cannot be removed
// stays, and does no harm.
func sweep(path string) {
	dir, prefix := filepath.Dir(path), filepath.Base(path)+unfinished
	there, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, x := range there {
		number, ours := strings.CutPrefix(x.Name(), prefix)
		if !ours || number == "" || strings.Trim(number, "0123456789") != "" {
			continue
		}
		if i, err := x.Info(); err == nil && !disk.OthersRead(i) && (i.Mode().IsRegular() || i.IsDir()) {
			removeDead(filepath.Join(dir, x.Name()))
		}
	}
}
