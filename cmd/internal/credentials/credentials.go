// Package credentials is the file with which a bank's operator tells an exchange
// where its account is: exchange-credentials.conf, in the form of the exchange's
// own configuration (taler-exchange.conf(5), section exchange-accountcredentials),
// so that one file is copied and nothing is typed.
package credentials

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/disk"
	"github.com/swaperoo/swaperoo/crypto/masked"
)

// Name is what the file is called in the bank's directory.
const Name = "exchange-credentials.conf"

const (
	sectionPrefix = "exchange-accountcredentials-"
	keyURL        = "WIRE_GATEWAY_URL"
	keyMethod     = "WIRE_GATEWAY_AUTH_METHOD"
	keyUser       = "USERNAME"
	keyPassword   = "PASSWORD"
	methodBasic   = "basic"
	maxFile       = 1 << 20
)

// ReasonMalformed is that of a file which is not of this form.
const ReasonMalformed fault.Reason = "credentials-malformed"

// Credentials are those of one account.
type Credentials struct {
	masked.Mask

	Account  string // the section's name after its prefix
	URL      string // of the wire gateway; empty while the bank listens nowhere
	User     string
	Password string
}

// Write makes the file, for its owner alone.
func Write(path string, c Credentials) error {
	for _, v := range []string{c.Account, c.URL, c.User, c.Password} {
		if strings.ContainsAny(v, "\r\n\"") {
			return fault.New(fault.Invalid, "a value does not fit on a line of the exchange's configuration").Because(ReasonMalformed)
		}
	}
	text := fmt.Sprintf("# What an exchange needs to know of its account. It holds a password.\n[%s%s]\n%s = %s\n%s = %s\n%s = %s\n%s = %s\n",
		sectionPrefix, c.Account, keyURL, c.URL, keyMethod, methodBasic, keyUser, c.User, keyPassword, c.Password)
	return config.Replace(path, []byte(text))
}

// Read reads what Write wrote. The error is fault.NotFound when there is no
// file; no error repeats a line of it.
func Read(path string) (Credentials, error) {
	f, err := disk.Open(path, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return Credentials{}, fault.Wrap(err, fault.NotFound, "there is no file %s", path).Because("credentials-missing")
	}
	if err != nil {
		return Credentials{}, fault.Wrap(err, fault.Invalid, "%s cannot be read: %s", path, config.Why(err)).Because(ReasonMalformed)
	}
	defer func() { _ = f.Close() }()
	c, err := parse(f)
	if err != nil {
		return Credentials{}, fault.New(fault.Invalid, "%s does not say where an exchange has its account: %s", path, err).Because(ReasonMalformed)
	}
	return c, nil
}

// parse reads the one section of its kind; others are somebody else's.
func parse(r io.Reader) (Credentials, error) {
	var c Credentials
	var method string
	within, found := false, false
	lines := bufio.NewScanner(io.LimitReader(r, maxFile))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "", line[0] == '#', line[0] == '%':
		case line[0] == '[':
			var account string
			account, within = sectionOf(line)
			if within && found {
				return c, errors.New("there are two accounts in it")
			}
			if within {
				c.Account, found = account, true
			}
		case within:
			key, value, _ := strings.Cut(line, "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToUpper(strings.TrimSpace(key)) {
			case keyURL:
				c.URL = value
			case keyMethod:
				method = value
			case keyUser:
				c.User = value
			case keyPassword:
				c.Password = value
			}
		}
	}
	switch {
	case lines.Err() != nil:
		return c, errors.New("a line is too long")
	case !found:
		return c, errors.New("there is no section [" + sectionPrefix + "…]")
	case !strings.EqualFold(method, methodBasic):
		return c, errors.New(keyMethod + " is not " + methodBasic)
	case c.User == "" || c.Password == "":
		return c, errors.New(keyUser + " or " + keyPassword + " is missing")
	}
	return c, nil
}

func sectionOf(line string) (account string, ours bool) {
	name := strings.TrimSpace(strings.Trim(line, "[]"))
	if len(name) <= len(sectionPrefix) || !strings.EqualFold(name[:len(sectionPrefix)], sectionPrefix) {
		return "", false
	}
	return name[len(sectionPrefix):], true
}
