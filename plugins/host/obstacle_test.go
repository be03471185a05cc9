//go:build linux

package host_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// The handshake of a plugin in another language fails for reasons that its code does
// not see: the host says them.
func TestAFailedHandshakeSaysWhatIsWrongWhenItIsAdded(t *testing.T) {
	written := func(mode fs.FileMode, text string) host.Source {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return host.Source{Path: path}
	}
	for name, row := range map[string]struct {
		source host.Source
		reason fault.Reason
		want   string
	}{
		"without TLS":        {source(t, "rogue", "clear"), "plugin-start", "does not look like a TLS handshake"},
		"net/rpc":            {source(t, "rogue", "netrpc"), "plugin-start", `unsupported plugin protocol "netrpc"`},
		"listens elsewhere":  {source(t, "rogue", "elsewhere"), "plugin-start", "somebody-elses.sock, which is not its own directory"},
		"5 MiB":              {source(t, "rogue", "endless"), "plugin-start", "received message larger than max"},
		"describes nonsense": {source(t, "rogue", "nonsense"), "description-malformed", "tell its author: plugins/api/README.md"},
		"not executable":     {written(0o600, "hello"), "plugin-start", "did not start: permission denied"},
		"a script":           {written(0o700, "#!/bin/sh\nexit 0\n"), "plugin-script", "file is a script"},
	} {
		t.Run(name, func(t *testing.T) {
			row.source.Description = nil
			_, err := newHost(t, nil).Inspect(t.Context(), row.source)
			if f := fault.From(err); f == nil || f.Reason != row.reason || !strings.Contains(f.Message+" — "+f.Hint, row.want) {
				t.Errorf("whoever adds it is told %v", err)
			}
		})
	}
}
