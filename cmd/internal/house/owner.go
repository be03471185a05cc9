package house

import (
	"io/fs"
	"os/user"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// reasonForeign marks a directory of another user of this machine.
const reasonForeign fault.Reason = "dir-foreign"

// foreign refuses a directory of another user, even to root: files that root makes there
// belong to root, and the party's own processes could not use them.
func (f Files) foreign(dir fs.FileInfo) error {
	uid, own := owner(dir)
	if own {
		return nil
	}
	name := uid
	if u, err := user.LookupId(uid); err == nil {
		name = u.Username
	}
	return fault.New(fault.Denied, "the directory %s is that of the user %s", f.Dir, name).Because(reasonForeign).
		WithHint("run it as that user, such as by sudo -u %s: files that another one makes there could not be used any more", name)
}

// closed refuses a directory into which this user cannot look.
func (f Files) closed(cause error) error {
	return fault.Wrap(cause, fault.Denied, "this user may not look into %s", f.Dir).Because(reasonForeign).
		WithHint("run it as the user whose directory it is, such as by sudo -u USER")
}
