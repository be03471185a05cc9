//go:build linux

package host_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// added is a catalog with one entry, for a file of which the sum is right.
func added(t *testing.T) (*host.Catalog, string, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "thing")
	if err := os.WriteFile(path, []byte("a program"), 0o600); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, "plugins.lock")
	c := host.NewCatalog(lock)
	seen := host.Inspected{SHA256: sumOf(t, path), Description: describeThing()}
	if _, err := c.Add(path, seen); err != nil {
		t.Fatal(err)
	}
	return c, path, lock
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))
}

func TestStatesOfACatalogEntry(t *testing.T) {
	for name, row := range map[string]struct {
		do    func(t *testing.T, c *host.Catalog, path string) error
		want  host.State
		words string
	}{
		"as added": {func(*testing.T, *host.Catalog, string) error { return nil }, host.Ready, ""},
		"changed": {func(_ *testing.T, _ *host.Catalog, path string) error {
			return os.WriteFile(path, []byte("b program"), 0o600)
		}, host.Modified, "plugin add"},
		"deleted":          {func(_ *testing.T, _ *host.Catalog, path string) error { return os.Remove(path) }, host.Missing, "put the file back"},
		"opened to others": {func(_ *testing.T, _ *host.Catalog, path string) error { return os.Chmod(path, 0o620) }, host.Exposed, "chmod go-w"},
		"crashed": {func(_ *testing.T, c *host.Catalog, _ string) error {
			return c.SetQuarantine("thing", "it crashed")
		}, host.Quarantined, "plugin enable thing"},
		"enabled again": {func(t *testing.T, c *host.Catalog, _ string) error {
			if err := c.SetQuarantine("thing", "it crashed"); err != nil {
				return err
			}
			return c.Enable("thing")
		}, host.Ready, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, path, lock := added(t)
			if err := row.do(t, c, path); err != nil {
				t.Fatal(err)
			}
			got, err := host.NewCatalog(lock).Find("thing") // another process
			if err != nil || got.State != row.want || !strings.Contains(got.Remedy, row.words) {
				t.Errorf("%s, %q, %v", got.State, got.Remedy, err)
			}
			if got.Version != "1.2.3" || got.Path != path || len(got.Description.Roles) != 3 {
				t.Errorf("entry = %+v", got.Entry)
			}
		})
	}
}

func TestRefusalsOfTheCatalog(t *testing.T) {
	c, path, _ := added(t)
	again := host.Inspected{SHA256: sumOf(t, path), Description: describeThing()}
	if _, err := c.Add(path, again); !errors.Is(err, fault.Conflict) {
		t.Errorf("added twice: %v", err)
	}
	again.Description.Name = "../thing"
	if _, err := c.Add(path, again); !errors.Is(err, fault.Invalid) {
		t.Errorf("a bad name: %v", err)
	}
	for name, err := range map[string]error{"remove": c.Remove("nothing"), "enable": c.Enable("nothing")} {
		if !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Remove("thing"); err != nil {
		t.Fatal(err)
	}
	if list, err := c.List(); err != nil || len(list) != 0 {
		t.Errorf("after remove: %v, %v", list, err)
	}
}

func TestADamagedCatalogIsSaidAndKept(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":        "hello",
		"another format":  `{"format":2,"plugins":[]}`,
		"unknown members": `{"format":1,"plugins":[],"more":1}`,
		"two documents":   `{"format":1,"plugins":[]}{}`,
		"a bad entry":     `{"format":1,"plugins":[{"name":"thing","path":"relative","sha256":"12"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			lock := filepath.Join(t.TempDir(), "plugins.lock")
			if err := os.WriteFile(lock, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			c := host.NewCatalog(lock)
			if _, err := c.List(); err == nil {
				t.Error("it was read")
			}
			if err := c.Remove("thing"); err == nil || errors.Is(err, fault.NotFound) {
				t.Errorf("it was changed: %v", err)
			}
			if raw, err := os.ReadFile(lock); err != nil || string(raw) != text {
				t.Errorf("it holds %s, %v", raw, err)
			}
		})
	}
}

func TestAQuarantineIsWrittenDownAndLiftedFromOutside(t *testing.T) {
	c, _, lock := added(t)
	at := noon
	open := func() *host.Bundle {
		return load(t, newHost(t, func(o *host.Options) {
			o.Quarantine = c
			o.Clock = func() time.Time { at = at.Add(time.Minute); return at }
		}), source(t, "thing"))
	}
	b := open()
	for range 3 {
		if err := stepperOf(t, b).RunSteps(t.Context(), begin(t, "PANIC"), &outcome{}); err == nil {
			t.Fatal("it did not crash")
		}
	}
	for name, b := range map[string]*host.Bundle{"the same host": b, "the next host": open()} {
		if err := run(t, b); fault.ReasonOf(err) != "plugin-quarantined" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := host.NewCatalog(lock).Enable("thing"); err != nil { // the operator's command
		t.Fatal(err)
	}
	if err := run(t, b); err != nil {
		t.Errorf("after enable: %v", err)
	}
}

func run(t *testing.T, b *host.Bundle) error {
	t.Helper()
	return stepperOf(t, b).RunSteps(t.Context(), begin(t, "PLAIN"), &outcome{})
}
