package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto"
)

// Passphrase reads the passphrase from where the flags say, or asks for it,
// twice if it is new. It never comes in arguments or the environment.
func (e *Env) Passphrase(ctx context.Context, fresh bool) (*crypto.Secret, error) {
	return e.passphrase(ctx, e.PassFile, e.PassFD, "Passphrase: ", fresh)
}

// NewPassphrase reads the passphrase that shall replace another one, from a file
// or descriptor of its own, or asks for it twice.
func (e *Env) NewPassphrase(ctx context.Context, file string, fd int) (*crypto.Secret, error) {
	return e.passphrase(ctx, file, fd, "New passphrase: ", true)
}

func (e *Env) passphrase(ctx context.Context, file string, fd int, prompt string, twice bool) (*crypto.Secret, error) {
	var text []byte
	var err error
	switch {
	case fd >= 0:
		text, err = readSecret(ctx, os.NewFile(uintptr(fd), "descriptor "+strconv.Itoa(fd)))
	case file != "":
		text, err = e.secretFile(ctx, file)
	case e.Interactive():
		text, err = e.askSecret(ctx, prompt, twice)
	default:
		return nil, Input("a passphrase is needed", "give it in a file or over a file descriptor; --help names the flags")
	}
	if err != nil {
		return nil, err
	}
	defer clear(text)
	s := crypto.NewSecret(text)
	return &s, nil
}

// SecretFile reads a token or password from a file.
func (e *Env) SecretFile(ctx context.Context, path string) (string, error) {
	text, err := e.secretFile(ctx, path)
	defer clear(text)
	return string(text), err
}

// AskSecret asks a person for a secret that is not shown, such as a coupon's
// code; without a person it is a fault with exit code 4.
func (e *Env) AskSecret(ctx context.Context, what, hint string) (string, error) {
	if !e.Interactive() {
		return "", Input(what+" is needed", "%s", hint)
	}
	text, err := e.hidden(ctx, what+": ")
	defer clear(text)
	return string(text), err
}

func (e *Env) secretFile(ctx context.Context, path string) ([]byte, error) {
	f, err := Open(ctx, path)
	if err != nil {
		return nil, unreadable(ctx, err, path)
	}
	defer f.Close()
	if err := config.Private(f); err != nil { // named for this once by a person or a script: their choice, and told
		e.Say("Warning: %s: %s", fault.From(err).Message, fault.From(err).Hint)
	}
	return readSecret(ctx, f)
}

func unreadable(ctx context.Context, err error, path string) error {
	if ctx.Err() != nil { // nobody waits for it any more
		return err
	}
	return fault.Wrap(err, fault.Invalid, "the secret in %s cannot be read: %s", path, config.Why(err)).Because("secret-unreadable").
		WithHint("name a file that holds it, for you alone to read")
}

func readSecret(ctx context.Context, f *os.File) ([]byte, error) {
	text, err := Within(ctx, func() ([]byte, error) { return config.ReadSecret(f) })
	if err != nil && fault.ReasonOf(err) != "secret-unreadable" {
		return nil, unreadable(ctx, err, f.Name())
	}
	return text, err
}

func (e *Env) askSecret(ctx context.Context, prompt string, twice bool) ([]byte, error) {
	first, err := e.hidden(ctx, prompt)
	if err != nil || !twice {
		return first, err
	}
	second, err := e.hidden(ctx, "Again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, fault.New(fault.Invalid, "the two passphrases differ").Because("passphrase-differs")
	}
	return first, nil
}

func (e *Env) hidden(ctx context.Context, prompt string) ([]byte, error) {
	leave, err := e.asking.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if e.asking.left != nil { // who reads for an earlier question would get it, and show it
		e.prompt("Press Enter first: ")
		if _, err := e.asking.line(ctx, e.In); err != nil {
			return nil, err
		}
	}
	fd := int(e.In.Fd())
	shown, err := term.GetState(fd)
	if err == nil {
		err = quiet(fd) // before the question: a script answers at once, and so does who pastes
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the passphrase cannot be read").Because("secret-unreadable")
	}
	e.prompt(prompt)
	text, err := Within(ctx, func() ([]byte, error) { return readQuiet(fd) })
	e.Say("")
	_ = term.Restore(fd, shown)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, err
	case errors.Is(err, io.EOF):
		return nil, Input("the question was not answered", "start it again")
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, "the passphrase cannot be read").Because("secret-unreadable")
	}
	return text, nil
}
