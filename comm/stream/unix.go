package stream

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// listenUnix opens a socket for its owner alone. A socket that nobody listens at
// any more, as a process leaves it that was killed, is replaced; nothing else is.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the folder of the socket %s cannot be made", path).Because("address-malformed")
	}
	free, err := holdDir(dir)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the folder of the socket %s cannot be used", path).Because("address-malformed")
	}
	defer free()
	if err := clearStale(ctx, path); err != nil {
		return nil, err
	}
	door, err := (&net.ListenConfig{Control: beforeBind}).Listen(ctx, "unix", path)
	if err == nil {
		if err = os.Chmod(path, 0o600); err != nil {
			_ = door.Close()
		}
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Conflict, "nobody can listen at %s: it is taken, or cannot be made", path).
			Because("address-taken").WithHint("the path of a socket has at most about 100 characters")
	}
	return door, nil
}

// clearStale removes a socket at which nobody listens. The caller holds its
// folder, so nobody begins to listen in between.
func clearStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	taken := fault.New(fault.Conflict, "nobody can listen at %s: it is taken", path).Because("address-taken")
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return taken
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close()
		return taken
	}
	if !refused(err) {
		return taken
	}
	if err := os.Remove(path); err != nil {
		return fault.Wrap(err, fault.Conflict, "the socket %s is left over and cannot be removed", path).Because("address-taken")
	}
	return nil
}
