package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// streamless is a plugin that has answered what it was asked, and takes no stream.
type streamless struct{ wire.PluginClient }

func (streamless) Operate(ctx context.Context, _ ...grpc.CallOption) (grpc.BidiStreamingClient[wire.HostFrame, wire.PluginFrame], error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAPluginThatTakesNoStreamDoesNotStart(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := openTable(ctx, &life{rpc: streamless{}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v", err)
	}
}

func TestPausesDoubleUpToHalfAMinute(t *testing.T) {
	var b backoff
	at := noon
	for n, want := range []time.Duration{
		200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, 1600 * time.Millisecond, 3200 * time.Millisecond,
		6400 * time.Millisecond, 12800 * time.Millisecond, 25600 * time.Millisecond, 30 * time.Second, 30 * time.Second,
	} {
		b.failed(at, time.Second, 0)
		if got := b.pause(at); got != want {
			t.Errorf("pause %d is %v, want %v", n, got, want)
		}
	}
	for range 100 { // never overflows into no pause at all
		b.failed(at, 0, 0)
	}
	if got := b.pause(at); got != 30*time.Second {
		t.Errorf("after a hundred: %v", got)
	}
	b.failed(at, time.Minute, 0)
	if got := b.pause(at); got != 200*time.Millisecond {
		t.Errorf("after a healthy life: %v", got)
	}
	b.failed(at, time.Minute, 1)
	if got := b.pause(at); got != 100*time.Millisecond {
		t.Errorf("with the most jitter: %v", got)
	}
	if got := b.pause(at.Add(time.Hour)); got > 0 {
		t.Errorf("an hour later: %v", got)
	}
}

func TestCrashesCountByOperationAndPeer(t *testing.T) {
	one, two, three := culprit{"op1", "p1"}, culprit{"op2", "p2"}, culprit{"op3", "p3"}
	for name, row := range map[string]struct {
		crashes [][]culprit
		full    bool
	}{
		"three different":            {[][]culprit{{one}, {two}, {three}}, true},
		"two":                        {[][]culprit{{one}, {two}}, false},
		"nothing ran":                {[][]culprit{{}, {}, {}, {}}, false},
		"the same operation":         {[][]culprit{{one}, {one}, {one}, {two}}, false},
		"the same peer":              {[][]culprit{{one}, {{"op4", "p1"}}, {{"op5", "p1"}}, {two}}, false},
		"a bystander is new":         {[][]culprit{{one}, {one, two}, {one, two, three}}, true},
		"one crash of many is one":   {[][]culprit{{one, two, three}, {one, two, three}}, false},
		"local operations, no peers": {[][]culprit{{{"op1", ""}}, {{"op2", ""}}, {{"op3", ""}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			var c crashes
			full := false
			for _, running := range row.crashes {
				full = c.add(running)
			}
			if full != row.full {
				t.Errorf("full = %v", full)
			}
			c.reset()
			if c.add([]culprit{one}) {
				t.Error("full after reset")
			}
		})
	}
}

func TestTheTailKeepsTheEnd(t *testing.T) {
	var kept tail
	for range 100 {
		_, _ = kept.Write(bytes.Repeat([]byte("x"), 1000))
	}
	_, _ = kept.Write([]byte("end"))
	if got := kept.String(); len(got) != tailSize || !strings.HasSuffix(got, "xend") {
		t.Errorf("%d bytes, ending in %q", len(got), got[len(got)-4:])
	}
}

// A crash is logged with the part of what the program wrote that says most, and with how much more
// there is: a person reads what a command says below it.
func TestOfLastWordsAPartIsLogged(t *testing.T) {
	noise := strings.Repeat("0123456789\n", 3*shownSize/11)
	trace := "goroutine 1 [running]:\n" + noise
	for name, row := range map[string]struct {
		wrote []string
		want  string // what the part begins with
		ends  string
		whole bool
	}{
		"nothing":                   {nil, "", "", true},
		"little":                    {[]string{"one\n", "two\n"}, "one\n", "two\n", true},
		"much":                      {[]string{noise, "the end\n"}, "0123456789\n", "the end\n", false},
		"one long line":             {[]string{strings.Repeat("x", 5*shownSize)}, "xxx", "xxx", false},
		"one long line at the end":  {[]string{noise, strings.Repeat("x", 5*shownSize), "\n"}, "xxx", "xxx\n", false},
		"a panic":                   {[]string{noise, "panic: oh\n\n", trace}, "panic: oh\n\ngoroutine 1", "0123456789\n", false},
		"a short panic":             {[]string{"panic: oh\n\ngoroutine 1"}, "panic: oh", "goroutine 1", true},
		"a panic of one long line":  {[]string{"panic: " + strings.Repeat("x", 5*shownSize)}, "panic: xxx", "xxx", false},
		"more than was kept of all": {[]string{strings.Repeat(noise, 30)}, "0123456789\n", "0123456789\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			var kept tail
			total := 0
			for _, text := range row.wrote {
				n, _ := kept.Write([]byte(text))
				total += n
			}
			var out bytes.Buffer
			kept.tell(slog.New(slog.NewJSONHandler(&out, nil)), "it ended")
			var said struct {
				Stderr string
				Left   string `json:"left_out"`
			}
			if err := json.Unmarshal(out.Bytes(), &said); err != nil {
				t.Fatal(err)
			}
			left := ""
			if !row.whole {
				left = strconv.Itoa(total-len(said.Stderr)) + " bytes; -v shows more"
			}
			if !strings.HasPrefix(said.Stderr, row.want) || !strings.HasSuffix(said.Stderr, row.ends) || len(said.Stderr) > shownSize || said.Left != left {
				t.Errorf("%d bytes, %.40q, %s", len(said.Stderr), said.Stderr, said.Left)
			}
			out.Reset()
			kept.tell(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})), "it ended")
			if more := strings.Contains(out.String(), "last words"); more == row.whole {
				t.Errorf("all of it, where debug records are wanted: %v", more)
			}
		})
	}
}

func TestLinesBecomeRecords(t *testing.T) {
	for name, row := range map[string]struct{ line, want string }{
		"of the SDK":        {`{"@level":"warn","@message":"low","@module":"x","@timestamp":"y","n":3}`, `level=WARN msg=low plugin.n=3`},
		"without keys":      {`{"@level":"error"}`, `level=ERROR msg=""`},
		"of other types":    {`{"@level":[1],"@message":17}`, `level=DEBUG msg=""`},
		"text":              {`panic: oh`, `level=DEBUG msg="plugin wrote" text="panic: oh"`},
		"an attack on logs": {"a\x1b[2J\rb", `level=DEBUG msg="plugin wrote" text="a\x1b[2J\rb"`},
		"nothing":           {"\n", ``},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			h := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			}})
			relay(slog.New(h), []byte(row.line))
			if got := strings.TrimSpace(out.String()); got != row.want {
				t.Errorf("%s, want %s", got, row.want)
			}
		})
	}
}

func TestAFaultOfAPluginIsCleaned(t *testing.T) {
	f := cleaned(&fault.Fault{Kind: fault.Suspended, Reason: "two words", Message: "a\x1b[2J\u202eb" + strings.Repeat("x", 5000)})
	if f.Kind != fault.Internal || f.Reason != "" || strings.ContainsAny(f.Message, "\x1b\u202e") || len(f.Message) > 1010 {
		t.Errorf("%+v", f)
	}
	if cleaned(nil) != nil {
		t.Error("nil became a fault")
	}
}

func TestOnlyTheOwnDirectoryIsCalled(t *testing.T) {
	for address, want := range map[string]bool{
		"./plugin1": true, "plugin1": true, "/run/x/plugin1": true,
		"../plugin1": false, "/run/x/y/plugin1": false, "/var/run/docker.sock": false, "./a/../../b": false, "": false,
	} {
		if got := inDir(address, "/run/x"); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func FuzzRelay(f *testing.F) {
	f.Add([]byte(`{"@level":"warn","@message":"low","n":{"a":[1]}}`))
	f.Add([]byte(`{"@message":1}`))
	f.Add([]byte("null"))
	log := slog.New(slog.NewJSONHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	f.Fuzz(func(_ *testing.T, line []byte) { relay(log, line) })
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte(`{"format":1,"plugins":[]}`))
	f.Add([]byte(`{"format":1,"plugins":[{"name":"a","version":"1","path":"/a","sha256":"00","description":{"name":"a","version":"1","api":1,"roles":null}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := parseLock(raw)
		if err != nil {
			return
		}
		text, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseLock(text); err != nil {
			t.Errorf("what was read does not read back: %v\n%s", err, text)
		}
	})
}

func FuzzReadSteps(f *testing.F) {
	for _, s := range []*wire.Step{
		{N: 1, Body: &wire.Step_Result{Result: &wire.Outcome{Result: &wire.Result{Value: []byte("1")}}}},
		{N: 1, Body: &wire.Step_Get{Get: "x"}},
		{N: 1, Body: &wire.Step_Invoke{}},
		{N: 1, Body: &wire.Step_Fetch{}},
	} {
		raw, err := proto.Marshal(&wire.Steps{Steps: []*wire.Step{s}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	g := grantsOf(api.RoleView{Role: comm.Client}, api.ProtocolView{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var w wire.Steps
		if proto.Unmarshal(raw, &w) != nil {
			return
		}
		steps, err := g.read(&w, 0, nil)
		if err != nil {
			return
		}
		for _, s := range steps {
			for _, i := range s.Writes {
				t.Errorf("wrote a %q without any grant", i.Class)
			}
		}
	})
}

// What is wrong with this very executable is said of it by its name.
func TestOurOwnExecutableHasAName(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Source{SHA256: strings.Repeat("0", 64)}.open()
	if fault.ReasonOf(err) != "plugin-modified" || !strings.HasPrefix(err.Error(), filepath.Base(self)+" is not") {
		t.Errorf("error = %v", err)
	}
}
