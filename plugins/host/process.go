package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
)

// process is one plugin process; to go-plugin it is a runner.Runner. It is started from an open file,
// in a process group of its own, and gets no environment, input or directory of ours. It does not
// outlive this process.
type process struct {
	source Source
	binary *os.File // what was summed; closed once it runs
	dir    string   // private: the socket's and the working directory
	at     *os.File // dir, open: its path may be too long for a socket address
	env    []string
	bound  context.Context // of the start: if it ends before release, the process is killed
	unbind func() bool
	says   paced // the log of what the process writes
	tail   *tail

	handshake *io.PipeReader // the one line of standard output that is meant for us
	output    [2]*os.File    // standard output and error
	reading   sync.WaitGroup // of both
	hold      *os.File       // our end of the plugin's standard input, to which nothing is written
	pid       int
	exited    chan struct{} // closed when the process and its group are gone
	exit      error         // of the process; read after exited
	dispose   sync.Once
}

// allowed are the only variables that a plugin gets.
func allowed(name string) bool {
	switch name {
	case api.CookieKey, processorsKey, "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT":
		return true
	}
	return false
}

// prepare opens the directory, and makes the environment of those wanted variables that are allowed.
func (p *process) prepare(wanted []string) (err error) {
	if p.at, err = os.Open(p.dir); err != nil {
		return err
	}
	p.exited = make(chan struct{})
	for _, v := range wanted {
		if name, _, _ := strings.Cut(v, "="); allowed(name) {
			p.env = append(p.env, v)
		}
	}
	p.env = append(append(p.env, inherited()...), plugin.EnvUnixSocketDir+"="+socketDir(p.dir))
	return nil
}

// release lets the process outlive the context of its start.
func (p *process) release() { p.unbind() }

// Start implements runner.Runner.
func (p *process) Start(context.Context) error {
	stdin, hold, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	stdout, outEnd, err := os.Pipe()
	if err != nil {
		hold.Close()
		return err
	}
	defer outEnd.Close()
	stderr, errEnd, err := os.Pipe()
	if err != nil {
		hold.Close()
		stdout.Close()
		return err
	}
	defer errEnd.Close()
	cmd := &exec.Cmd{
		Path: executable(p.source, p.binary), Args: append([]string{p.source.shown()}, p.source.Args...), Env: p.env, Dir: p.dir,
		Stdin: stdin, Stdout: outEnd, Stderr: errEnd, SysProcAttr: confined(),
	}
	if err := p.run(cmd, hold); err != nil {
		hold.Close()
		stdout.Close()
		stderr.Close()
		return err
	}
	p.binary.Close()
	// go-plugin waits for the handshake and the connection by its own clock.
	p.unbind = context.AfterFunc(p.bound, func() { killGroup(p.pid) })
	line, found := io.Pipe()
	p.handshake, p.output = line, [2]*os.File{stdout, stderr}
	p.reading.Go(func() { p.findHandshake(stdout, found) })
	log := slog.New(p.says)
	p.reading.Go(func() {
		follow(stderr, func(text []byte) {
			_, _ = p.tail.Write(text)
			relay(log, text)
		})
	})
	return nil
}

// run starts the command on a thread that lives as long as the process: the kernel kills the process
// when the thread that started it ends (Pdeathsig), and a thread of the Go runtime that is not locked
// may end at any time.
func (p *process) run(cmd *exec.Cmd, hold *os.File) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid, p.hold = cmd.Process.Pid, hold
		}
		started <- err
		if err != nil {
			return
		}
		p.exit = cmd.Wait()
		killGroup(p.pid) // the processes that it has started
		close(p.exited)
	}()
	return <-started
}

// findHandshake passes on the first line that can be a handshake. All other lines go to the log.
func (p *process) findHandshake(stdout io.Reader, found *io.PipeWriter) {
	defer func() { _ = found.Close() }()
	passed, log := false, slog.New(p.says)
	follow(stdout, func(line []byte) {
		if !passed && bytes.HasPrefix(line, []byte("1|")) && bytes.HasSuffix(line, []byte("\n")) {
			passed = true
			_, _ = found.Write(line)
			return
		}
		if !passed {
			p.tail.print(line)
		}
		log.Debug("plugin printed", "text", strings.TrimRight(string(line), "\r\n"))
	})
}

// Stdout implements runner.Runner.
func (p *process) Stdout() io.ReadCloser { return p.handshake }

// Stderr implements runner.Runner. We read it ourselves: go-plugin's reader
// ends the host on a log line whose message is not a text.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (p *process) Name() string { return p.source.shown() }

// ID implements runner.Runner.
func (p *process) ID() string {
	if p.pid == 0 {
		return ""
	}
	return strconv.Itoa(p.pid)
}

// Diagnose implements runner.Runner.
func (p *process) Diagnose(context.Context) string { return "" }

// Wait implements runner.Runner.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return p.exit
}

// Kill implements runner.Runner: it returns when the process is gone.
func (p *process) Kill(context.Context) error {
	if p.pid == 0 {
		return nil
	}
	killGroup(p.pid)
	<-p.exited
	return nil
}

// PluginToHost implements runner.Runner. A plugin listens in its own directory
// and nowhere else, whatever it says.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	if !listensPrivately(network, address, p.dir) {
		return "", "", fmt.Errorf("the plugin wants to be called at %s %s, which is not its own directory", network, fault.ClipTo(address, 200))
	}
	return network, reachable(network, address, p.at), nil
}

// HostToPlugin implements runner.Runner. Nothing of ours listens for a plugin.
func (p *process) HostToPlugin(string, string) (string, string, error) {
	return "", "", errors.New("plugins do not call the host back")
}

// drain waits, for at most limit, until what the process wrote is read. A child of it that has left
// its group may hold the pipes open; then they are closed.
func (p *process) drain(limit time.Duration) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.reading.Wait()
	}()
	select {
	case <-read:
	case <-time.After(limit):
	}
	for _, f := range p.output {
		f.Close() // nil, if it never ran, is harmless
	}
	if p.handshake != nil {
		_ = p.handshake.Close()
	}
	<-read
	p.says.end()
}

// discard frees what the process leaves in this one, and its directory.
func (p *process) discard() {
	p.dispose.Do(func() {
		if p.unbind != nil {
			p.unbind()
		}
		p.binary.Close()
		if p.hold != nil {
			p.hold.Close()
		}
		p.at.Close()
		_ = os.RemoveAll(p.dir)
	})
}

// inDir reports whether a path names a file directly in dir, which is also the plugin's working
// directory.
func inDir(path, dir string) bool {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return filepath.Dir(filepath.Clean(path)) == filepath.Clean(dir)
}

// gone waits until the process is gone, and says whether it is.
func (p *process) gone(ctx context.Context) bool {
	select {
	case <-p.exited:
		return true
	case <-ctx.Done():
		return false
	}
}
