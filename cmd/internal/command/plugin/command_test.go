package plugin_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/plugins/host"
)

// row is a plugin exactly as scripts read it.
type row struct {
	Name, Version, SHA256, State string
	Classes, Protocols           []string
}

func listed(t *testing.T, dir string) (all []row, messages string) {
	t.Helper()
	var list struct{ Plugins []row }
	messages = does(t, dir, &list, "list")
	if list.Plugins == nil {
		t.Error("no plugins are not an empty list")
	}
	return list.Plugins, messages
}

// state is that of the one plugin of a party.
func state(t *testing.T, dir string) string {
	t.Helper()
	all, _ := listed(t, dir)
	if len(all) != 1 {
		t.Fatalf("there are %+v", all)
	}
	return all[0].State
}

func TestAPluginIsLookedAtBeforeItIsAdded(t *testing.T) {
	dir, path := party(t), binary(t, "beads")
	code, out, messages := says(t, dir, "add", path)
	if code != 4 || out != "" {
		t.Errorf("without a yes: exit %d, %q", code, out)
	}
	for _, part := range []string{"beads 1.0.0", "SHA-256:   ", "Classes:   beads", "Protocols: beads.pay", "as a client, run PAY of beads.pay with beads"} {
		if !strings.Contains(messages, part) {
			t.Errorf("%q is not shown in\n%s", part, messages)
		}
	}
	refuses(t, dir, 4, "input-needed", "add", path)
	if all, _ := listed(t, dir); len(all) != 0 {
		t.Errorf("without a yes there is %+v", all)
	}

	var added row
	does(t, dir, &added, "add", path, "--yes")
	if added.Name != "beads" || added.Version != "1.0.0" || added.State != "ready" || len(added.SHA256) != 64 ||
		!slices.Equal(added.Classes, []string{"beads"}) || !slices.Equal(added.Protocols, []string{"beads.pay"}) {
		t.Errorf("it is added as %+v", added)
	}
	if !strings.Contains(messages, added.SHA256) {
		t.Errorf("what was shown is not what was added:\n%s", messages)
	}
	if all, messages := listed(t, dir); len(all) != 1 || all[0].SHA256 != added.SHA256 || messages != "" {
		t.Errorf("listed is %+v\n%s", all, messages)
	}
	var shown struct {
		row
		Path               string
		May                []string
		Quarantine, Remedy string
	}
	does(t, dir, &shown, "show", "beads")
	if shown.Path != path || shown.SHA256 != added.SHA256 || len(shown.May) < 3 || shown.Quarantine != "" || shown.Remedy != "" {
		t.Errorf("shown is %+v", shown)
	}
	if _, out, _ := says(t, dir, "show", "beads"); !strings.Contains(out, "State:     ready\n") || !strings.Contains(out, "File:      "+path) {
		t.Errorf("for people it is\n%s", out)
	}
}

func TestWhatIsNoPluginIsNotAdded(t *testing.T) {
	dir, folder := party(t), t.TempDir()
	files := map[string]string{"text": "hello\n", "script": "#!/bin/sh\necho hello\n", "empty": ""}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, program := range map[string]string{"saying": "echo", "failing": "false"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Fatal(err)
		}
		copied(t, path, filepath.Join(folder, name))
	}
	for _, r := range []struct {
		name, path string
		code       int
		reason     string
	}{
		{"nothing", filepath.Join(folder, "nowhere"), 3, "plugin-missing"},
		{"a directory", folder, 2, "plugin-missing"},
		{"a text", filepath.Join(folder, "text"), 7, "plugin-start"},
		{"an empty file", filepath.Join(folder, "empty"), 7, "plugin-start"},
		{"a program that says something else", filepath.Join(folder, "saying"), 7, "plugin-start"},
		{"a program that fails", filepath.Join(folder, "failing"), 7, "plugin-start"},
		{"a script", filepath.Join(folder, "script"), 1, "plugin-script"},
		{"a plugin that brings a class of ours", binary(t, "thief"), 5, "plugin-overlaps"},
	} {
		t.Run(r.name, func(t *testing.T) {
			refuses(t, dir, r.code, r.reason, "add", r.path, "--yes")
		})
	}
	if all, _ := listed(t, dir); len(all) != 0 {
		t.Errorf("there is %+v", all)
	}
}

// TestAChangedBinaryIsSeenAndNamed, and what is put back is what was added.
func TestAChangedBinaryIsSeenAndNamed(t *testing.T) {
	dir, path := party(t), binary(t, "beads")
	does(t, dir, nil, "add", path, "--yes")
	aside := path + ".aside"
	if err := os.Rename(path, aside); err != nil {
		t.Fatal(err)
	}
	if got := state(t, dir); got != "missing" {
		t.Errorf("without its file it is %s", got)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\ntouch "+path+".ran\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, messages := listed(t, dir)
	if all[0].State != "modified" || !strings.Contains(messages, "swaperoo plugin remove beads") {
		t.Errorf("with another file it is %s\n%s", all[0].State, messages)
	}
	if _, out, _ := says(t, dir, "show", "beads"); !strings.Contains(out, "State:     modified; ") {
		t.Errorf("for people it is\n%s", out)
	}
	if _, err := os.Stat(path + ".ran"); err == nil {
		t.Error("looking at a changed file has run it")
	}
	if err := os.Rename(aside, path); err != nil {
		t.Fatal(err)
	}
	if got := state(t, dir); got != "ready" {
		t.Errorf("put back it is %s", got)
	}
}

// TestWhatOneOfOursHasReplacedIsNotReady: it was added before ours came with an
// update. The party leaves it out, so it is not called ready.
func TestWhatOneOfOursHasReplacedIsNotReady(t *testing.T) {
	dir, path := party(t), binary(t, "thief")
	h, err := host.New(host.Options{Dir: house.Files{Dir: dir}.Run(), Log: slog.New(slog.DiscardHandler), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close(context.Background()) }()
	seen, err := h.Inspect(t.Context(), host.Source{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host.NewCatalog(house.Files{Dir: dir}.Plugins()).Add(path, seen); err != nil {
		t.Fatal(err)
	}
	does(t, dir, nil, "add", binary(t, "beads"), "--yes")
	all, messages := listed(t, dir)
	if len(all) != 2 || all[0].State != "ready" || all[1].State != "overlapping" || !strings.Contains(messages, "thief brings the class payment-card, which card has brought already: swaperoo plugin remove thief") {
		t.Errorf("listed is %+v\n%s", all, messages)
	}
	if _, out, _ := says(t, dir, "show", "thief"); !strings.Contains(out, "State:     overlapping; thief brings") {
		t.Errorf("for people it is\n%s", out)
	}
	does(t, dir, nil, "remove", "thief")
	if got := state(t, dir); got != "ready" {
		t.Errorf("the other is %s", got)
	}
}

func TestANameIsAddedOnceAndRemovedOnce(t *testing.T) {
	dir, path := party(t), binary(t, "beads")
	does(t, dir, nil, "add", path, "--yes")
	refuses(t, dir, 5, "plugin-twice", "add", path, "--yes")
	refuses(t, dir, 5, "plugin-twice", "add", binary(t, "beads"), "--yes")
	does(t, dir, nil, "add", binary(t, "shells"), "--yes")
	if all, _ := listed(t, dir); len(all) != 2 {
		t.Errorf("there are %+v", all)
	}
	var done struct{ Name, Event string }
	if does(t, dir, &done, "enable", "beads"); done.Name != "beads" || done.Event != "enabled" {
		t.Errorf("enable says %+v", done)
	}
	if does(t, dir, &done, "remove", "shells"); done.Name != "shells" || done.Event != "removed" {
		t.Errorf("remove says %+v", done)
	}
	if got := state(t, dir); got != "ready" {
		t.Errorf("the other is %s", got)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("its file is gone: %v", err)
	}
	for _, verb := range []string{"show", "enable", "remove"} {
		refuses(t, dir, 3, "plugin-unknown", verb, "shells")
	}
	does(t, dir, nil, "add", binary(t, "shells"), "--yes")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	refuses(t, dir, 7, "plugin-missing", "enable", "beads") // of no use all the same
}

// TestAPluginBelongsToAParty: where there is none, none is made.
func TestAPluginBelongsToAParty(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere")
	for _, args := range [][]string{{"list"}, {"show", "x"}, {"enable", "x"}, {"remove", "x"}, {"add", "x", "--yes"}} {
		refuses(t, dir, 3, "dir-empty", args...)
	}
	refuses(t, dir, 2, "usage", "serve")
	if _, err := os.Stat(dir); err == nil {
		t.Error("a directory was made")
	}
	first, second, path := party(t), party(t), binary(t, "beads")
	does(t, first, nil, "add", path, "--yes")
	if all, _ := listed(t, second); len(all) != 0 {
		t.Errorf("another party has %+v", all)
	}
}

// TestADamagedListIsNoList: what may run is not guessed.
func TestADamagedListIsNoList(t *testing.T) {
	dir := party(t)
	does(t, dir, nil, "add", binary(t, "beads"), "--yes")
	found, err := filepath.Glob(filepath.Join(dir, "plugin*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("%v, %v", found, err)
	}
	for _, path := range found {
		if i, err := os.Stat(path); err != nil || i.IsDir() {
			continue
		}
		if err := os.WriteFile(path, []byte("[[plugin]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"list"}, {"show", "beads"}, {"remove", "beads"}, {"add", binary(t, "shells"), "--yes"}} {
		refuses(t, dir, 1, "catalog-malformed", args...)
	}
}
