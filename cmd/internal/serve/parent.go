package serve

import (
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Parent is the reading end of a pipe whose other end the parent holds: when the
// parent ends, however it ends, the pipe does. A nil Parent never ends.
type Parent struct{ pipe *os.File }

// ParentFlag adds the flag with which a command that serves is told to end with
// its parent. It is for those who start parties of their own, such as the demo.
func ParentFlag(c *cobra.Command) func() (*Parent, error) {
	fd := c.Flags().Int("parent-fd", -1, "end when this `FD`, a pipe from the parent, is closed")
	_ = c.Flags().MarkHidden("parent-fd") // its error is that of a flag that is not there
	return func() (*Parent, error) {
		if *fd < 0 {
			return nil, nil
		}
		return NewParent(*fd)
	}
}

// NewParent takes an inherited file descriptor over.
func NewParent(fd int) (*Parent, error) {
	private(fd) // what we start in our turn must not hold it open
	pipe := os.NewFile(uintptr(fd), "parent")
	info, err := pipe.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return nil, fault.Wrap(err, fault.Invalid, "file descriptor %d is no pipe from a parent", fd).Because("parent-unreachable")
	}
	return &Parent{pipe}, nil
}

// watch calls gone once when the parent has gone. leave ends the watch; no call
// comes after it.
func (p *Parent) watch(gone func()) (leave func()) {
	if p == nil {
		return func() {}
	}
	var mu sync.Mutex
	left := false
	go func() {
		_, _ = io.Copy(io.Discard, p.pipe) // until its end, or until leave closes it
		mu.Lock()
		defer mu.Unlock()
		if !left {
			gone()
		}
	}()
	return func() {
		mu.Lock()
		left = true
		mu.Unlock()
		_ = p.pipe.Close()
	}
}
