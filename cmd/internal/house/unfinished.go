package house

import (
	"os"
	"path/filepath"
	"strings"
)

// unfinished is in the names of what a backup makes on its way, and its process holds as
// long as it lives.
const unfinished = ".unfinished-"

// sweep removes what an earlier backup of that name left beside its place when it was
// killed: what has such a name, is only for this user and is held by nobody. What cannot
// be removed stays, and is in nobody's way.
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
		if i, err := x.Info(); err == nil && i.Mode().Perm()&0o077 == 0 && (i.Mode().IsRegular() || i.IsDir()) {
			removeDead(filepath.Join(dir, x.Name()))
		}
	}
}
