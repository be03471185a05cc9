//go:build linux

package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// A list of plugins reads no binary that nobody has touched since it was added: they have megabytes,
// and each command of a wallet lists them. What it takes for ready is read when it starts.
func TestAListReadsWhatWasTouchedAndAStartReadsAll(t *testing.T) {
	s := source(t, "thing")
	var err error
	if s.Path, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	seen, err := newHost(t, nil).Inspect(t.Context(), s)
	if err != nil || seen.Stamp == nil {
		t.Fatalf("%+v, %v", seen, err)
	}
	another, touched := strings.Repeat("0", 64), *seen.Stamp
	touched.Changed++
	for name, row := range map[string]struct {
		sum   string
		stamp *host.Stamp
		want  host.State
		start fault.Reason
	}{
		"untouched":                     {seen.SHA256, seen.Stamp, host.Ready, ""},
		"untouched, and of another sum": {another, seen.Stamp, host.Ready, "plugin-modified"},
		"touched":                       {seen.SHA256, &touched, host.Ready, ""},
		"changed":                       {another, &touched, host.Modified, "plugin-modified"},
		"changed, added before stamps":  {another, nil, host.Modified, "plugin-modified"},
	} {
		t.Run(name, func(t *testing.T) {
			c := host.NewCatalog(filepath.Join(t.TempDir(), "plugins.lock"))
			if _, err := c.Add(s.Path, host.Inspected{SHA256: row.sum, Stamp: row.stamp, Description: seen.Description}); err != nil {
				t.Fatal(err)
			}
			listed, err := c.Find("thing")
			if err != nil || listed.State != row.want {
				t.Errorf("%s, %v", listed.State, err)
			}
			start := listed.Source()
			start.Args = s.Args
			if err := run(t, load(t, newHost(t, nil), start)); fault.ReasonOf(err) != row.start {
				t.Errorf("started: %v", err)
			}
		})
	}
}
