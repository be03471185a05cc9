package plugin_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/plugin"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestMain lets copies of this binary be plugins of somebody else, by the name
// of the file.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); !strings.Contains(name, "test") {
		sdk.Main(stranger(name))
	}
	os.Exit(m.Run())
}

// stranger is a bundle whose class and protocol are called like it. The thief is
// called something new and brings a class of ours.
func stranger(name string) sdk.Bundle {
	class := instrument.ClassID(name)
	if name == "thief" {
		class = "payment-card"
	}
	pay := sdk.Simple{
		Name: name + ".pay", Title: "Pay with " + name, Class: class, Operation: protocol.Pay, Accepted: "spent",
		Present: func(_ protocol.Session, _ protocol.Call, i *instrument.Instance) (protocol.Result, error) {
			return protocol.Result{Value: i.State}, nil
		},
		Accept: func(protocol.Session, protocol.Call, instrument.Tx, json.RawMessage) (protocol.Result, error) {
			return protocol.Result{}, nil
		},
	}
	return sdk.Bundle{
		Name: name, Version: "1.0.0",
		Classes:   func(comm.Role) []instrument.Class { return []instrument.Class{thing(class)} },
		Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{pay} },
	}
}

type thing instrument.ClassID

func (t thing) Info() instrument.Info {
	return instrument.Info{ID: instrument.ClassID(t), Title: "A thing", Moves: []instrument.Move{{To: "new"}, {From: "new", To: "spent"}}}
}

func (thing) Check(_, _ *instrument.Instance) error { return nil }

func (thing) Prefer(protocols []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(protocols, c), nil
}

// binary is a copy of this program, which is a plugin then.
func binary(t *testing.T, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	copied(t, self, path)
	return path
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// party makes a party and gives its directory.
func party(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "party")
	word := crypto.NewSecret([]byte("a passphrase"))
	if err := house.Init(t.Context(), house.Files{Dir: dir}, "owner", &word); err != nil {
		t.Fatal(err)
	}
	return dir
}

// says runs `swaperoo plugin …` in this process; nobody can be asked.
func says(t *testing.T, dir string, args ...string) (code int, out, messages string) {
	t.Helper()
	said := run(t, dir, args...)
	return said.Code, said.Out, said.Err
}

func run(t *testing.T, dir string, args ...string) clitest.Said {
	t.Helper()
	return clitest.Says(t.Context(), &cli.Env{}, plugin.Command, append([]string{"plugin", "--dir", dir}, args...)...)
}

// does runs a command with --json that must work.
func does(t *testing.T, dir string, into any, args ...string) (messages string) {
	t.Helper()
	said := run(t, dir, append(args, "--json")...)
	said.Worked(t, into)
	return said.Err
}

// refuses runs a command with --json that must not work.
func refuses(t *testing.T, dir string, code int, reason string, args ...string) {
	t.Helper()
	run(t, dir, append(args, "--json")...).Refused(t, code, reason)
}
