package serve

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm"
)

// SessionFlag adds the flag for further addresses of sessions.
func SessionFlag(c *cobra.Command) *[]string {
	return c.Flags().StringArray("session", nil, "further `ADDR` of sessions, such as unix:/run/x.sock, serial:/dev/ttyS0 or stdio:-, this process's own input and output; may be repeated")
}

// Sessions opens a door for sessions at each address and announces it. If one
// cannot be opened, none stays open.
func (p *Process) Sessions(addresses []string, open func(comm.Address) (comm.Listener, error)) error {
	for _, text := range addresses {
		a, err := comm.ParseAddress(text)
		if err != nil {
			return errors.Join(cli.Argument(err), p.Close())
		}
		door, err := open(a)
		if err != nil {
			return errors.Join(err, p.Close())
		}
		p.Session(door)
	}
	return nil
}

// Close closes the doors for sessions of a process that is not run.
func (p *Process) Close() error {
	var errs []error
	for _, l := range p.sessions {
		errs = append(errs, l.Close())
	}
	p.sessions = nil
	return errors.Join(errs...)
}
