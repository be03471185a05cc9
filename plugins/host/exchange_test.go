//go:build linux

package host_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/protocol"
)

var fence = regexp.MustCompile("(?s)```json\n(host .*?)```")

// The exchanges that README.md of plugins/api shows to authors in other languages are
// those of a real plugin: the coupon is told what the host says there, and says what
// the plugin says.
func TestTheExchangesThatAuthorsReadAreTrue(t *testing.T) {
	page, err := os.ReadFile("../api/README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := fence.FindAllStringSubmatch(string(page), -1)
	if len(shown) != 2 {
		t.Fatalf("%d exchanges are shown, not one of each side", len(shown))
	}
	b := load(t, newHost(t, nil), host.Source{Path: buildExample(t, "coupon")})
	for _, s := range shown {
		lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(s[1]), "\n  ", " "), "\n")
		begun, role, err := api.ReadBegin(said(t, lines[0]).GetBegin())
		if err != nil {
			t.Fatal(err)
		}
		n := 1
		next := func() string {
			if n == len(lines) {
				t.Fatal("the exchange goes on where the page ends")
			}
			n++
			return lines[n-1]
		}
		t.Run(string(begun.Side), func(t *testing.T) {
			err := b.Protocols(role)[0].(protocol.Stepper).RunSteps(t.Context(), begun, doorFunc(func(steps []protocol.Step) (protocol.Answer, error) {
				text, _ := strings.CutPrefix(next(), "plugin ")
				got := readable(t, &wire.PluginFrame{Operation: 1, Body: &wire.PluginFrame_Steps{Steps: api.WriteSteps(steps)}})
				if diff := cmp.Diff(decoded(t, []byte(text)), got); diff != "" {
					line, _ := json.Marshal(got)
					t.Errorf("the plugin says\n%s\n%s", line, diff)
				}
				return api.ReadAnswer(said(t, next()).GetAnswer(), nil)
			}))
			if err != nil || n != len(lines) {
				t.Errorf("error = %v, after line %d of %d", err, n, len(lines))
			}
		})
	}
}

// said is a frame of the host from the page, where bytes that are JSON are shown as
// such.
func said(t *testing.T, line string) *wire.HostFrame {
	t.Helper()
	text, _ := strings.CutPrefix(line, "host ")
	packed, err := json.Marshal(walk(decoded(t, []byte(text)), func(v any) any {
		if _, is := v.(map[string]any); !is {
			return v
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}))
	if err != nil {
		t.Fatal(err)
	}
	f := &wire.HostFrame{}
	if err := protojson.Unmarshal(packed, f); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return f
}

// readable is a frame as the page shows it.
func readable(t *testing.T, m proto.Message) any {
	t.Helper()
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return walk(decoded(t, raw), func(v any) any {
		text, _ := v.(string)
		if raw, err := base64.StdEncoding.DecodeString(text); err == nil && bytes.HasPrefix(raw, []byte("{")) {
			return decoded(t, raw)
		}
		return v
	})
}

// walk changes the members that hold bytes of JSON.
func walk(v any, change func(any) any) any {
	switch v := v.(type) {
	case []any:
		for n := range v {
			v[n] = walk(v[n], change)
		}
	case map[string]any:
		for name, member := range v {
			switch name {
			case "send", "message", "state", "args", "value":
				v[name] = change(member)
			default:
				v[name] = walk(member, change)
			}
		}
	}
	return v
}

func decoded(t *testing.T, raw []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}
