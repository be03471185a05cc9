//go:build unix

package crash_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/sdk"
)

var (
	pairs       = flag.String("crash.pairs", "some", "pairs of kills to try: some, all, or how many of each protocol")
	workers     = flag.Int("crash.workers", 4, "how many pairs of parties are killed at once")
	withdrawals = flag.String("crash.withdrawals", "some", "moments at which a withdrawal is killed: some or all")
	bankKills   = flag.Int("crash.bank", 5, "how often a bank is killed during withdrawals; all: 100")
)

// TestMain makes the test binary play all processes: the parties, and the plugin
// that each of them has from the catalog. Which one a plugin is its file's name
// says, for it gets neither arguments nor an environment of ours.
func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	if os.Getenv(api.CookieKey) == api.CookieValue {
		sdk.Main(bundle(filepath.Base(os.Args[0])))
	}
	if len(os.Args) > 2 && os.Args[1] == "party" {
		play(os.Args[2])
	}
	code := m.Run()
	if dir, err := scratch(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
