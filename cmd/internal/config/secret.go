package config

import (
	"bytes"
	"io"
	"os"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
)

// maxSecret bounds a token, a password or a passphrase.
const maxSecret = 4096

// Secret reads a secret from the file that a key ending in _file names. One that
// others can read as well is refused: it is no secret any more.
func Secret(path string) (string, error) {
	if path == "" {
		return "", fault.New(fault.Invalid, "the settings name no file of a secret that is needed").Because(ReasonSecret).
			WithHint("it is missing among the keys that end in %s, or the settings are empty", secretSuffix)
	}
	f, err := disk.Open(path, os.O_RDONLY)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "the secret in %s cannot be read: %s", path, Why(err)).Because(ReasonSecret).
			WithHint("it belongs to the settings; put it there, or name another file")
	}
	defer func() { _ = f.Close() }()
	if err := Private(f); err != nil {
		return "", err
	}
	text, err := ReadSecret(f)
	if err != nil || len(text) == 0 {
		return "", fault.Wrap(err, fault.Invalid, "the secret in %s is empty, or longer than %d bytes", path, maxSecret).Because(ReasonSecret)
	}
	return string(text), nil
}

// ReadSecret reads a secret without the ends of its lines. One that is too long is
// fault.Invalid, reason "secret-unreadable"; other errors are those of reading.
func ReadSecret(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxSecret {
		clear(text)
		return nil, fault.New(fault.Invalid, "the secret is longer than %d bytes", maxSecret).Because("secret-unreadable").
			WithHint("is it the right file?")
	}
	return bytes.TrimRight(text, "\r\n"), nil
}

// Private refuses an open file with a secret that others can read as well. What
// is no file, such as a pipe, is between those who hold its ends.
func Private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "the secret in %s cannot be read: %s", f.Name(), Why(err)).Because(ReasonSecret)
	}
	if info.Mode().IsRegular() && disk.OthersRead(info) {
		return fault.New(fault.Denied, "the secret in %s can be read by others", f.Name()).Because(ReasonSecret).
			WithHint("make it yours alone with chmod 600, and think about who has read it")
	}
	return nil
}
