package cli

import (
	"crypto/rsa"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// Env is the surroundings of a command.
type Env struct {
	In       *os.File
	Out, Err io.Writer

	JSON      bool
	NoInput   bool
	Dir       string
	PassFile  string
	PassFD    int
	KeyFile   string // an agent's, of a wallet
	Trust     string
	AllowHTTP bool
	Verbose   bool
	User      string
	Home      func() (string, error)
	Environ   func(string) string
	LockBy    func(word crypto.Secret) crypto.Lock   // makes the lock of a passphrase: see house.Files
	SealWork  int                                    // of a backup: see house.Sealing
	DenomKeys func(n int) ([]*rsa.PrivateKey, error) // of a sandbox exchange: see exchange.InitOptions
	outTTY    bool
	errTTY    bool
	mu        sync.Mutex
	yielded   *os.File // our standard output, once it is a session's
	asking    asking
}

// New makes the surroundings of this process.
func New() *Env {
	return &Env{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, PassFD: -1, Home: os.UserHomeDir, Environ: os.Getenv,
		outTTY: term.IsTerminal(int(os.Stdout.Fd())), errTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// Yield gives standard input and output to a session. From then on nobody is asked, and data
// goes to standard error instead of standard output.
func (e *Env) Yield() (in, out *os.File, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.yielded == nil {
		out, ok := e.Out.(*os.File)
		if !ok || e.In == nil || term.IsTerminal(int(e.In.Fd())) {
			return nil, nil, fault.New(fault.Invalid, "standard input and output are no line to a peer here").Because("pipe-missing").
				WithHint("whoever starts this command joins them to the peer's")
		}
		e.yielded, e.Out, e.NoInput, e.outTTY = out, e.Err, true, false
	}
	return e.In, e.yielded, nil
}

// stdout is where data goes.
func (e *Env) stdout() io.Writer {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.Out
}

// Flags adds the flags that every command has.
func (e *Env) Flags(c *cobra.Command) {
	f := c.PersistentFlags()
	f.BoolVar(&e.JSON, "json", false, "print JSON, and never ask")
	f.BoolVar(&e.NoInput, "no-input", false, "never ask")
	f.StringVar(&e.Dir, "dir", "", "data directory of the party")
	f.StringVar(&e.PassFile, "passphrase-file", e.Environ("SWAPEROO_PASSPHRASE_FILE"), "file that holds the passphrase")
	f.IntVar(&e.PassFD, "passphrase-fd", -1, "file descriptor to read the passphrase from")
	f.StringVar(&e.Trust, "trust", "", "`KEY` of a peer, or of an exchange that is added, at first contact")
	f.BoolVar(&e.AllowHTTP, "allow-http", false, "use plain http also to other machines")
	f.StringVar(&e.User, "user", e.Environ("SWAPEROO_USER"), "which principal of the wallet acts")
	f.BoolVarP(&e.Verbose, "verbose", "v", false, "log what happens to standard error")
}

// Log is the log of the process: to standard error, warnings only unless verbose.
func (e *Env) Log() *slog.Logger {
	level := slog.LevelWarn
	if e.Verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(e.Err, &slog.HandlerOptions{Level: level}))
}

// Interactive reports whether a person can be asked.
func (e *Env) Interactive() bool {
	return !e.JSON && !e.NoInput && e.In != nil && term.IsTerminal(int(e.In.Fd()))
}

// Terminal reports whether standard output is a terminal.
func (e *Env) Terminal() bool { return e.outTTY && !e.JSON }

// Colour reports whether standard error may be written to in colour: it is a
// terminal and NO_COLOR is not set (no-color.org).
func (e *Env) Colour() bool { return e.errTTY && e.Environ("NO_COLOR") == "" }
