package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
	"github.com/swaperoo/swaperoo/plugins/api"
)

// Source is the binary of a bundle.
type Source struct {
	Path string   // empty: the executable that runs here, even if its file was replaced since
	Args []string // what follows the path
	// SHA256 is the sum, in hexadecimal, of the only binary that may run. If it is empty, the
	// sum of the first start is pinned for the life of the Bundle. On Linux the executable
	// that runs here needs none.
	SHA256      string
	Description *api.Description // nil: ask the binary
}

// opened is a binary that was opened, and what it was then.
type opened struct {
	file   *os.File
	sha256 string // of what was opened; empty: the executable that runs here, on Linux
	stamp  *Stamp // of the file before it was summed
}

// open opens the binary and sums the open file, so that exactly what was summed is
// executed. A file that is not the pinned one is fault.Denied, reason "plugin-modified". A
// file that somebody else may write could change after the sum: it is fault.Denied, reason
// "plugin-exposed". A script is fault.Unsupported, reason "plugin-script".
func (s Source) open() (opened, error) {
	f, err := s.look()
	if err != nil {
		return opened{}, err
	}
	o := opened{file: f, stamp: stampOf(f)}
	if s.isSelf() {
		return o, nil
	}
	if o.sha256, err = s.sum(f); err != nil {
		f.Close()
		return opened{}, err
	}
	return o, nil
}

// look opens the file, if it may be a plugin at all.
func (s Source) look() (*os.File, error) {
	f, err := disk.Open(s.file(), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.Unavailable, "the plugin's file %s is missing", s.base()).Because("plugin-missing").
			WithHint("put the file back, or remove the plugin")
	}
	if errors.Is(err, disk.ErrNotPlain) {
		return nil, fault.New(fault.Unavailable, "the plugin's file %s is no file", s.base()).Because("plugin-missing").
			WithHint("put the file back, or remove the plugin")
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "the plugin's file %s cannot be read", s.base()).Because("plugin-missing")
	}
	if err := s.checkGuarded(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// sum reads the open file, which has to be the pinned one if one is pinned.
func (s Source) sum(f *os.File) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fault.Wrap(err, fault.Unavailable, "the plugin's file %s cannot be read", s.base()).Because("plugin-missing")
	}
	text := hex.EncodeToString(sum.Sum(nil))
	if s.SHA256 != "" && s.SHA256 != text {
		return "", fault.New(fault.Denied, "%s is not the file that was added: its SHA-256 is %.16s…, not %.16s…", s.base(), text, s.SHA256).
			Because("plugin-modified").WithHint("if the change is yours, remove the plugin and add it again")
	}
	return text, s.checkNotScript(f)
}

// checkGuarded looks at the open file. Our own executable runs already.
func (s Source) checkGuarded(f *os.File) error {
	if s.Path == "" {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the plugin's file %s cannot be read", s.base()).Because("plugin-missing")
	}
	if exposed(info) {
		return fault.New(fault.Denied, "others may write the plugin's file %s, or own it", s.base()).Because("plugin-exposed").
			WithHint("chmod go-w that file; it must be yours or root's")
	}
	return nil
}

// checkNotScript refuses a script: its interpreter and what it loads are in other files, and
// the sum of this one would tell nothing of them.
func (s Source) checkNotScript(f *os.File) error {
	var head [2]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || string(head[:]) != "#!" {
		return nil // too short a file does not start, and says so
	}
	return fault.New(fault.Unsupported, "%s is a script: a plugin is one program, whose sum is the sum of all that it runs", s.base()).
		Because("plugin-script").WithHint("pack the script, what it loads and its interpreter into one executable file: see plugins/api/README.md")
}

// base is the name of the file, without where it is: a peer is also told why it gets no
// answer.
func (s Source) base() string { return filepath.Base(s.shown()) }

// shown is the path that the process carries as its name.
func (s Source) shown() string {
	if s.Path != "" {
		return s.Path
	}
	if self, err := os.Executable(); err == nil {
		return self
	}
	return os.Args[0]
}
