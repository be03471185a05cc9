package demo

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// marker is in every directory that the sweeper may remove.
const marker = ".swaperoo-demo"

// startSweeper starts the process that removes dir when the pipe has ended.
func startSweeper(exe, dir string, pipe *os.File) (*exec.Cmd, error) {
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "%s cannot be written to", dir)
	}
	cmd := exec.Command(exe, "demo", "sweep", dir)
	cmd.Env, cmd.Stdin, cmd.SysProcAttr = environment(os.Environ()), pipe, apart()
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap(err, fault.Internal, "the process that cleans up cannot be started")
	}
	return cmd, nil
}

// sweepCommand is the sweeper itself.
func sweepCommand() *cobra.Command {
	return &cobra.Command{
		Use: "sweep DIR", Short: "Remove a demo's directory when standard input ends", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) // it outlives whatever ends the demo
			return sweep(args[0], os.Stdin)
		},
	}
}

// sweep removes a demo's directory when alive has ended.
func sweep(dir string, alive io.Reader) error {
	if _, err := os.Stat(filepath.Join(dir, marker)); err != nil || !strings.HasPrefix(filepath.Base(dir), "swaperoo-demo-") {
		return cli.Usage("%s is not the directory of a demo", dir)
	}
	_, _ = io.Copy(io.Discard, alive) // nobody writes: it ends when all who could have ended
	return os.RemoveAll(dir)
}
