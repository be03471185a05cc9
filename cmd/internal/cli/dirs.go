package cli

import (
	"path/filepath"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// PartyDir is the data directory of a party: --dir, or the one of that name in
// the user's data directory (XDG Base Directory Specification).
func (e *Env) PartyDir(party string) (string, error) {
	if e.Dir != "" {
		return e.Dir, nil
	}
	if data := e.Environ("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "swaperoo", party), nil
	}
	home, err := e.Home()
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "it is not known where this user's data is").
			Because("dir-unknown").WithHint("name the directory with --dir")
	}
	return filepath.Join(home, ".local", "share", "swaperoo", party), nil
}
