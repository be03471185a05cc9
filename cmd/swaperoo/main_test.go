package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange/exchangetest"
	"github.com/swaperoo/swaperoo/crypto"
)

// TestMain lets this test binary be the real program as well: the scripts start
// it as "swaperoo", and its plugin host starts it again as a plugin. Only the locks
// of its wallets are quick to open: each command opens one.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"swaperoo": func() {
		e := cli.New()
		e.LockBy, e.SealWork, e.DenomKeys = crypto.QuickPassphrase, 1, exchangetest.Keys // scripts open wallets, and make backups, by the hundred
		program(e)
	}})
}

// TestScripts runs the manual: each script shows one thing that a user does.
func TestScripts(t *testing.T) {
	all, err := filepath.Glob("testdata/script/*.txt")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d scripts, %v", len(all), err)
	}
	var some []string
	for n := 0; n < len(all); n += share {
		some = append(some, all[n])
	}
	testscript.Run(t, testscript.Params{
		Files:               some,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               surroundings,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "api": api, "start": start, "await": await, "finish": finish, "end": end, "until": until, "capture": capture,
			"coupon": example("coupon"), "miles": example("miles"), "tab": example("tab"), "vending": example("vending"),
			"without-key": withoutKey, "host": host, "lower": lower, "prefix": prefix, "write": write,
		},
	})
}

// surroundings are those of a user with a home of their own, whose files are
// theirs alone: secrets in others are refused.
func surroundings(env *testscript.Env) error {
	files, err := os.ReadDir(env.WorkDir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Type().IsRegular() {
			if err := os.Chmod(filepath.Join(env.WorkDir, f.Name()), 0o600); err != nil {
				return err
			}
		}
	}
	env.Setenv("HOME", env.WorkDir+"/home")
	env.Setenv("XDG_DATA_HOME", env.WorkDir+"/data")
	env.Setenv("NO_COLOR", "1")
	env.Setenv("GORACE", "atexit_sleep_ms=0") // under the race detector every command would end a second late
	return os.MkdirAll(env.WorkDir+"/home", 0o700)
}
