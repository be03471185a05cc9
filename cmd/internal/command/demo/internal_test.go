//go:build unix

package demo

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestAShellReadsWhatIsQuoted(t *testing.T) {
	args := []string{"plain", "/a/path-with_1.dots:80", "", "two words", "it's", `back\slash`, "$HOME", "a;b|c&d>e", "#x", "~", "*", "new\nline", "é"}
	out, err := exec.Command("sh", "-c", "printf '%s\\0' "+quote(args)).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if !slices.Equal(got, args) {
		t.Errorf("got %q, want %q", got, args)
	}
	if quote([]string{"plain"}) != "plain" {
		t.Error("what needs no quotes has some")
	}
}

func TestThePartiesAreNotConfiguredBehindOurBack(t *testing.T) {
	got := environment([]string{"PATH=/bin", "SWAPEROO_LISTEN=x", "HOME=/", "SWAPEROO_PASSPHRASE_FILE=y", "XSWAPEROO_=z"})
	if !slices.Equal(got, []string{"PATH=/bin", "HOME=/", "XSWAPEROO_=z"}) {
		t.Errorf("got %v", got)
	}
}

// waits is a pipe's end that says when it is read, and ends when it is told to.
type waits struct{ read, over chan struct{} }

func (w waits) Read([]byte) (int, error) {
	close(w.read)
	<-w.over
	return 0, io.EOF
}

func TestTheSweeperRemovesOnlyADemo(t *testing.T) {
	for _, row := range []struct {
		name, dir string
		marked    bool
		removed   bool
	}{
		{"a demo", "swaperoo-demo-1", true, true},
		{"a folder with the name of one", "swaperoo-demo-2", false, false},
		{"a folder that holds the marker", "precious", true, false},
		{"any folder", "precious", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), row.dir)
			if err := os.MkdirAll(filepath.Join(dir, "deep", "er"), 0o700); err != nil {
				t.Fatal(err)
			}
			if row.marked {
				if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			w := waits{make(chan struct{}), make(chan struct{})}
			swept := make(chan error, 1)
			go func() { swept <- sweep(dir, w) }()
			if row.removed {
				<-w.read
				if _, err := os.Stat(dir); err != nil {
					t.Error("it is removed while somebody lives")
				}
			}
			close(w.over)
			err := <-swept
			_, gone := os.Stat(dir)
			if row.removed != (err == nil) || row.removed != (gone != nil) {
				t.Errorf("err = %v, and then %v", err, gone)
			}
		})
	}
}

func TestAnInterruptionIsNoFailure(t *testing.T) {
	failure := fault.New(fault.Internal, "broken")
	if err := stopped(t.Context(), failure); !errors.Is(err, fault.Internal) {
		t.Errorf("a failure became %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stopped(ctx, failure); cli.ExitCode(err) != cli.ExitPending {
		t.Errorf("an interruption is %v", err)
	}
}

func TestTheEndOfWhatWasSaidIsKept(t *testing.T) {
	var said tail
	for range 100 {
		if n, err := io.WriteString(&said, strings.Repeat("x", 99)+"\n"); n != 100 || err != nil {
			t.Fatal(n, err)
		}
	}
	_, _ = io.WriteString(&said, "the reason\n")
	if text := said.text(); len(text) > tailSize || !strings.HasSuffix(text, "the reason") {
		t.Errorf("%d bytes are kept: …%q", len(text), text[len(text)-20:])
	}
}
