package provider_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/cli/clitest"
	"github.com/swaperoo/swaperoo/cmd/internal/command/provider"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
)

func command(ctx context.Context, out io.Writer, args ...string) int {
	return clitest.Run(ctx, &cli.Env{Out: out, Err: io.Discard}, provider.Command, append([]string{"provider"}, append(args, "--json")...)...)
}

func TestACardIsAFileForOneReader(t *testing.T) {
	dir, file := filepath.Join(t.TempDir(), "deep", "provider"), filepath.Join(t.TempDir(), "card.json")
	var out bytes.Buffer
	if code := command(t.Context(), &out, "card", "add", "--dir", dir, "--out", file, "--behaviour", "declined"); code != 0 {
		t.Fatalf("exit %d: %s", code, out.String())
	}
	var said map[string]string
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Account, Last4, Key string }
	if err := json.Unmarshal(text, &c); err != nil || c.Account != said["account"] || c.Last4 != said["last4"] || c.Key == "" || said["behaviour"] != "declined" {
		t.Errorf("account %q, last4 %q, %v, said %v", c.Account, c.Last4, err, said)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if len(said) != 5 {
		t.Errorf("said %v", said)
	}
	out.Reset()
	if code := command(t.Context(), &out, "card", "add", "--dir", dir, "--out", file); code != 5 || !strings.Contains(out.String(), "file-exists") {
		t.Errorf("another card in the same file: exit %d, %s", code, out.String())
	}
	if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, text) {
		t.Error("the first card was touched")
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		name   string
		args   []string
		code   int
		reason string
	}{
		{"no file", []string{"card", "add"}, 2, "usage"},
		{"a card of no known kind", []string{"card", "add", "--out", filepath.Join(dir, "x"), "--behaviour", "golden"}, 2, "token-unknown"},
		{"a file in no folder", []string{"card", "add", "--out", filepath.Join(dir, "no", "x")}, 1, "file-unwritable"},
		{"a user of no space", []string{"user", "add", "--out", filepath.Join(dir, "x")}, 2, "usage"},
		{"a user's key nowhere", []string{"user", "add", "--space", "405"}, 2, "usage"},
		{"a port for everybody", []string{"serve", "--listen", "0.0.0.0:0"}, 5, "address-refused"},
		{"no port", []string{"serve", "--listen", "here"}, 2, "address-malformed"},
		{"a port beyond all", []string{"serve", "--listen", "127.0.0.1:65536"}, 2, "address-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out bytes.Buffer
			code := command(t.Context(), &out, append(row.args, "--dir", dir)...)
			if code != row.code || !strings.Contains(out.String(), `"`+row.reason+`"`) {
				t.Errorf("exit %d: %s", code, out.String())
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a refused card has a file")
	}
}

func TestItServesUntilItIsAskedToEnd(t *testing.T) {
	dir := t.TempDir()
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- command(ctx, w, "serve", "--dir", dir) }()
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		t.Fatal("it says nothing")
	}
	var said map[string]string
	if err := json.Unmarshal(lines.Bytes(), &said); err != nil || said["event"] != "listening" || said["name"] != "provider" || !strings.HasSuffix(said["url"], "/") {
		t.Fatalf("%s: %v", lines.Text(), err)
	}
	answer, err := http.Post(said["url"]+"payments", "application/json", strings.NewReader(`{"amount":"CHF:1","reference":"r","token":"approved"}`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || !strings.Contains(string(text), `"paid"`) {
		t.Errorf("%s, %v", text, err)
	}
	late := make(chan error, 1)
	go func() { // its answer would come in half a minute
		answer, err := http.Post(said["url"]+"payments", "application/json", strings.NewReader(`{"amount":"CHF:1","reference":"late","token":"timeout"}`))
		if err == nil {
			err = answer.Body.Close()
		}
		late <- err
	}()
	for { // until the provider has the payment
		answer, err := http.Get(said["url"] + "payments?reference=late")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"paid"`) {
			break
		}
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit %d", code)
	}
	if err := <-late; err != nil {
		t.Errorf("who waited was not answered: %v", err)
	}
}

// A directory is served by one process: another one would take the same payments.
func TestASecondSimulatorOnOneDirectoryIsRefused(t *testing.T) {
	dir := t.TempDir()
	leave, err := house.Served(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out bytes.Buffer
	if code := command(ctx, &out, "serve", "--dir", dir); code == 0 || !strings.Contains(out.String(), "dir-in-use") {
		t.Errorf("exit %d, %s", code, out.String())
	}
	if err := leave(); err != nil {
		t.Error(err)
	}
}
