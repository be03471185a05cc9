package house

import (
	"io"
	"os"
)

// Unpack is what Restore does in the directory that takes the other's place.
var Unpack = Files.unpack

// Guess is how the passphrase of a slot is tried.
var Guess = Files.guess

// WriteNew makes the file of a backup.
var WriteNew = writeNew

// Processors is on how many of a machine's processors each plugin of a role computes.
var Processors = processors

// BackUp is what Backup does once it may.
var BackUp = Files.backUp

// BelowNew is the file of what WriteNew hands out.
func BelowNew(w io.Writer) *os.File { return w.(*noting).w.(*os.File) }

// Synced is what the members of a backup are written to.
func Synced(f *os.File) io.WriteCloser { return synced{f} }

// Foreign refuses another user's directory.
var Foreign = Files.foreign
