package provider

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// written has the provider make something whose key is in a file from then on, and
// nowhere else. Where that fails there is no file: half a key is none.
func written[T any](ctx context.Context, e *cli.Env, out string, makes func(context.Context, *provider.Provider, *os.File) (T, error)) (made T, err error) {
	dir, err := e.PartyDir("provider")
	if err != nil {
		return made, err
	}
	s, err := read(e, dir)
	if err != nil {
		return made, err
	}
	f, err := create(out)
	if err != nil {
		return made, err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(out)
		}
	}()
	p, err := open(e, dir, s)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if made, err = makes(ctx, p, f); err != nil {
		return made, err
	}
	return made, f.Sync()
}

// create makes a file for its owner alone; another one there is not replaced.
func create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fault.Wrap(err, fault.Conflict, "there is a file %s already", path).Because("file-exists").WithHint("name another file with --out")
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, "%s cannot be written", path).Because("file-unwritable")
	}
	return f, nil
}
