package cli

import (
	"errors"
	"io"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// Argument marks an error as one in what the person typed: a fault of kind
// invalid then has the exit code of a wrong usage. Nil stays nil.
func Argument(err error) error {
	if err == nil {
		return nil
	}
	return &argument{err}
}

type argument struct{ cause error }

func (a *argument) Error() string { return a.cause.Error() }

func (a *argument) Unwrap() error { return a.cause }

// typed reports whether err is a fault in what the person typed.
func typed(err error) bool {
	var a *argument
	return errors.As(err, &a) && errors.Is(err, fault.Invalid)
}

// Amount reads an amount of money that is more than nothing.
func Amount(text string) (instrument.Amount, error) {
	a, err := instrument.ParseAmount(text)
	if err == nil && a.IsZero() {
		err = fault.New(fault.Invalid, "%s is nothing", a).Because("amount-too-small").WithHint("choose an amount above zero")
	}
	return a, Argument(err)
}

// Money is an amount as people see it, nothing where there is none.
func Money(a instrument.Amount) string {
	if a == (instrument.Amount{}) {
		return ""
	}
	return a.String()
}

// maxInput bounds an argument that comes from standard input.
const maxInput = 64 << 10

// Text is an argument, or for "-" what standard input holds, without the blanks
// around it.
func (e *Env) Text(arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	raw, err := io.ReadAll(io.LimitReader(e.In, maxInput+1))
	if err != nil || len(raw) > maxInput {
		return "", Argument(fault.Wrap(err, fault.Invalid, "standard input cannot be read, or is too long").Because("input-unreadable"))
	}
	return strings.TrimSpace(string(raw)), nil
}

// Name is Text for the name of something, such as a WOPID: the ellipsis with
// which we show the beginning of one may come along, and blanks around it.
func (e *Env) Name(arg string) (string, error) {
	text, err := e.Text(arg)
	text = strings.TrimSpace(text)
	return strings.TrimSuffix(strings.TrimSuffix(text, "…"), "..."), err
}

// Withdrawal is Name for a withdrawal, which the URI in its QR code names, too.
func (e *Env) Withdrawal(arg string) (string, error) {
	text, err := e.Name(arg)
	if err != nil || !strings.Contains(text, "://") {
		return text, err
	}
	uri, err := taler.ParseWithdrawURI(text)
	if err != nil {
		return "", Argument(err)
	}
	return uri.ID.Text(), nil
}
