package config

import (
	"bytes"
	"io"
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// maxSecret bounds a token or password in a file.
const maxSecret = 4096

// Secret reads a secret from the file that a key ending in _file names. One that
// others can read as well is refused: it is no secret any more.
func Secret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the secret in %s cannot be read: %s", path, Why(err)).Because(ReasonSecret).
			WithHint("it belongs to the settings; put it there, or name another file")
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat() // of the open file: the path could be another by now
	if err != nil || !info.Mode().IsRegular() {
		return "", fault.Wrap(err, fault.Invalid, "%s is not a file with a secret", path).Because(ReasonSecret)
	}
	if err := Private(f); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	text = bytes.TrimRight(text, "\r\n")
	if err != nil || len(text) > maxSecret || len(text) == 0 {
		return "", fault.Wrap(err, fault.Invalid, "the secret in %s is empty, or longer than %d bytes", path, maxSecret).Because(ReasonSecret)
	}
	return string(text), nil
}

// Private refuses an open file with a secret that others can read as well. What
// is no file, such as a pipe, is between those who hold its ends.
func Private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the secret in %s cannot be read: %s", f.Name(), Why(err)).Because(ReasonSecret)
	}
	if info.Mode().IsRegular() && readableByOthers(info) {
		return fault.New(fault.Denied, "the secret in %s can be read by others", f.Name()).Because(ReasonSecret).
			WithHint("make it yours alone with chmod 600, and think about who has read it")
	}
	return nil
}
