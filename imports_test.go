// Package swaperoo_test holds the tests of the whole tree: who may import whom.
package swaperoo_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/swaperoo/swaperoo/"

// layers say what the packages of ours below a path may import of ours, and why
// no more. The longest path that fits a package counts. Tests of a package are
// not bound: they join parts that must not know each other.
var layers = []struct {
	below string
	may   []string
	why   string
}{
	{"comm/fault", nil, "the leaf of all: every package can say how it failed"},
	{"crypto/disk", nil, "small files, whoever keeps them"},
	{"crypto/masked", []string{"comm/fault"}, "how a secret is not shown, whoever holds one"},
	{"crypto", []string{"comm/fault", "crypto/disk", "crypto/masked"}, "the engine knows nothing of what it seals"},
	{"crypto/taler", []string{"comm/fault", "crypto/masked", "instrument"}, "pure functions; amounts are part of what Taler signs"},
	{"instrument", []string{"comm/fault"}, "the domain in the middle depends on no transport, store or role"},
	{"instrument/plain", []string{"instrument"}, "how documents are spelled, and not what they say"},
	{"comm", []string{"comm/fault"}, "connections know nothing of what is said over them"},
	{"comm/rpc", []string{"comm", "comm/fault"}, "a wire"},
	{"comm/inproc", []string{"comm", "comm/fault", "comm/rpc"}, "a transport"},
	{"comm/websocket", []string{"comm", "comm/fault", "comm/rpc"}, "a transport; keys come in as values"},
	{"comm/stream", []string{"comm", "comm/fault", "comm/rpc"}, "a transport; keys come in as values"},
	{"comm/https", []string{"comm", "comm/fault"}, "the plugins' only way out"},
	{"comm/parked", nil, "connections of net/http, and nothing of ours"},
	{"comm/commtest", []string{"comm", "comm/fault", "comm/rpc"}, "the suite of transports"},
	{"comm/taler", []string{"comm", "comm/fault", "crypto/masked", "crypto/taler", "instrument", "instrument/plain"}, "Taler's wire, known to bank, bundle and sandbox alike"},
	{"protocol", []string{"comm", "comm/fault", "instrument", "instrument/plain"}, "operations know peers and instruments, no store and no role"},
	{"profile", []string{"comm/fault", "instrument"}, "who may do what, whatever the role"},
	{"controller", []string{"comm", "comm/fault", "crypto", "instrument", "instrument/plain", "profile", "protocol"}, "joins the managers; is handed classes and protocols as values"},
	{"controller/store", []string{"comm", "comm/fault", "instrument", "profile", "protocol"}, "implements the small interfaces that the managers declare"},
	{"controller/client", []string{"comm", "comm/fault", "comm/taler", "controller", "instrument", "profile", "protocol"}, "a thin role"},
	{"controller/vendor", []string{"comm", "comm/fault", "comm/taler", "controller", "instrument", "profile", "protocol"}, "a thin role"},
	{"controller/till", []string{"comm/fault", "comm/parked", "comm/taler", "controller", "controller/vendor", "instrument", "protocol"}, "a presentation of what the terminal does; below controller/vendor Go would take it for a vendored copy"},
	{"controller/bank", []string{"comm", "comm/fault", "comm/taler", "controller", "crypto/masked", "instrument", "profile", "protocol"}, "a thin role"},
	{"controller/bank/rest", []string{"comm", "comm/fault", "comm/parked", "comm/taler", "controller/bank", "crypto/taler", "instrument", "profile"}, "a presentation of bank operations"},
	{"plugins/api", []string{"comm", "comm/fault", "instrument", "protocol"}, "the door's wire"},
	{"plugins/sdk", []string{"comm", "comm/fault", "instrument", "plugins/api", "protocol"}, "what a plugin's author gets, and no more"},
	{"plugins/host", []string{"comm", "comm/fault", "instrument", "crypto/disk", "plugins/api", "protocol"}, "runs strangers' code and knows no bundle by name"},
	{"plugins/card", []string{"comm", "comm/fault", "crypto/masked", "instrument", "plugins/card", "plugins/sdk", "protocol"}, "a bundle uses the same door as a stranger's"},
	{"plugins/prepaid", []string{"comm", "comm/fault", "crypto/masked", "instrument", "instrument/plain", "plugins/sdk", "protocol"}, "as card"},
	{"plugins/taler", []string{"comm", "comm/fault", "comm/taler", "crypto/taler", "instrument", "plugins/sdk", "protocol"}, "as card; it may share Taler's types with the bank"},
	{"plugins/bundled", []string{"comm", "plugins/card", "plugins/prepaid", "plugins/sdk", "plugins/taler", "protocol"}, "the list of what ships"},
	{"cmd", nil, ""}, // joins everything
}

// outside says which packages alone may import a module of others. Each module that
// go.mod requires for us is here: a new one needs a place first.
var outside = map[string][]string{
	"modernc.org/sqlite":                  {"controller/store", "cmd/internal/sandbox"},
	"github.com/pressly/goose/v3":         {"controller/store"},
	"github.com/gorilla/websocket":        {"comm/websocket"},
	"github.com/sourcegraph/jsonrpc2":     {"comm/rpc"},
	"github.com/getkin/kin-openapi":       {}, // tests only: never in the path of a request
	"github.com/gorilla/mux":              {"controller/bank/rest", "controller/till", "cmd/internal/sandbox"},
	"github.com/hashicorp/go-plugin":      {"plugins/host", "plugins/sdk", "plugins/api"},
	"github.com/hashicorp/go-hclog":       {"plugins/host", "plugins/sdk"},
	"google.golang.org/grpc":              {"plugins/host", "plugins/sdk", "plugins/api"},
	"google.golang.org/protobuf":          {"plugins/host", "plugins/sdk", "plugins/api", "cmd/internal/protogen"},
	"github.com/bufbuild/protocompile":    {"cmd/internal/protogen"},
	"filippo.io/age":                      {"crypto"},
	"filippo.io/bigmod":                   {"crypto/taler"},
	"github.com/go-json-experiment/json":  {"comm/taler"},
	"github.com/BurntSushi/toml":          {"cmd"},
	"github.com/spf13/cobra":              {"cmd"},
	"rsc.io/qr":                           {"cmd"},
	"github.com/prometheus/client_golang": {"cmd/internal/metrics"},
	"github.com/google/go-cmp":            {"controller/store/storetest"}, // tests
	"github.com/rogpeppe/go-internal":     {},                             // tests
	"go.uber.org/goleak":                  {"comm/commtest"},              // tests
	"pgregory.net/rapid":                  {},                             // tests
	"golang.org/x/crypto":                 {"crypto", "protocol"},         // protocol: the stream of an operation's dice
	"golang.org/x/sync":                   {"cmd"},
	"golang.org/x/term":                   {"cmd"},
	"golang.org/x/tools":                  {"cmd/internal/vet"},
	"golang.org/x/sys":                    {"cmd/internal/cli", "comm/stream", "crypto", "plugins/host"},
}

func TestImportsPointDownwards(t *testing.T) {
	for pkg, imports := range packages(t) {
		if strings.HasPrefix(pkg, "cmd/") || strings.HasSuffix(path.Base(pkg), "test") && pkg != "comm/commtest" {
			continue
		}
		layer := -1
		for n, l := range layers {
			if within(pkg, l.below) && (layer < 0 || len(l.below) > len(layers[layer].below)) {
				layer = n
			}
		}
		if layer < 0 {
			t.Errorf("%s has no place in the layers", pkg)
			continue
		}
		l := layers[layer]
		for _, imported := range imports {
			ours, is := strings.CutPrefix(imported, module)
			if !is || within(ours, pkg) || ours == l.below || within(ours, l.below) {
				continue
			}
			if !slices.ContainsFunc(l.may, func(m string) bool {
				return ours == m || m == "plugins/card" && within(ours, m) || m == "plugins/api" && within(ours, m)
			}) {
				t.Errorf("%s imports %s; %s is %s", pkg, ours, l.below, l.why)
			}
		}
	}
}

func TestOutsideModulesStayWhereTheyBelong(t *testing.T) {
	for pkg, imports := range packages(t) {
		for _, imported := range imports {
			for foreign, places := range outside {
				if !within(imported, foreign) {
					continue
				}
				if !slices.ContainsFunc(places, func(p string) bool { return within(pkg, p) }) {
					t.Errorf("%s imports %s, which belongs in %s", pkg, imported, strings.Join(places, ", "))
				}
			}
		}
	}
}

func TestEveryOutsideModuleHasAPlace(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{}
	for _, r := range file.Require {
		if required[r.Path] = !r.Indirect; r.Indirect {
			continue
		}
		if _, placed := outside[r.Path]; !placed {
			t.Errorf("go.mod requires %s, and nothing says who may import it", r.Path)
		}
	}
	for foreign := range outside {
		if !required[foreign] {
			t.Errorf("%s has a place, and go.mod does not require it", foreign)
		}
	}
}

// The managers are one and the same in all roles (paper §4): each of them is
// declared once, and no role has one of its own.
func TestNoRoleHasAManagerOfItsOwn(t *testing.T) {
	declares := regexp.MustCompile(`(?m)^type \w*Manager\b`)
	managers := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") {
			return err
		}
		text, err := os.ReadFile(file)
		if declares.Match(text) {
			managers[filepath.ToSlash(filepath.Dir(file))] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"comm", "instrument", "profile", "protocol"}; !slices.Equal(slices.Sorted(maps.Keys(managers)), want) {
		t.Errorf("managers are declared in %v, wanted %v", slices.Sorted(maps.Keys(managers)), want)
	}
}

// TestFoldersAtTheTop: a newcomer finds the paper's parts as folders, and no package beside them.
func TestFoldersAtTheTop(t *testing.T) {
	want := []string{"cmd", "comm", "controller", "crypto", "instrument", "plugins", "profile", "protocol"}
	tops := map[string]bool{}
	for pkg := range packages(t) {
		top, _, _ := strings.Cut(pkg, "/")
		tops[top] = true
	}
	if got := slices.Sorted(maps.Keys(tops)); !slices.Equal(got, want) {
		t.Errorf("packages are below %v, wanted %v", got, want)
	}
}

// packages lists what each package of ours imports, its tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if pkg, ok := strings.CutPrefix(fields[0], module); ok {
			all[pkg] = fields[1:]
		}
	}
	return all
}

func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
