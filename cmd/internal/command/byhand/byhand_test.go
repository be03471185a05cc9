package byhand

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

var coupon = instrument.Info{
	ID: "coupon", Title: "Shop coupon", Keys: []string{"code"}, Moves: []instrument.Move{{From: "", To: "ready"}, {From: "", To: "taken"}},
	Fields: []instrument.Field{{Name: "code", Title: "Code", Secret: true}, {Name: "worth", Title: "Worth"}},
}

func TestMembersThatAreTyped(t *testing.T) {
	for _, row := range []struct {
		name   string
		file   string
		args   []string
		reason fault.Reason
	}{
		{"from a file", `{"code":"X","worth":"CHF:1"}`, nil, ""},
		{"over those of a file", `{"code":"X","worth":"CHF:1"}`, []string{"worth=CHF:2"}, ""},
		{"with an equals sign inside", `{}`, []string{"worth=a=b"}, ""},
		{"a secret", `{}`, []string{"code=X"}, "secret-argument"},
		{"an unknown name", `{}`, []string{"colour=red"}, "field-unknown"},
		{"an unknown name in the file", `{"colour":"red"}`, nil, "field-unknown"},
		{"no value", `{}`, []string{"worth"}, cli.ReasonUsage},
	} {
		t.Run(row.name, func(t *testing.T) {
			members := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(row.file), &members); err != nil {
				t.Fatal(err)
			}
			err := typed(coupon, members, row.args)
			if fault.ReasonOf(err) != row.reason || err != nil && cli.ExitCode(err) != cli.ExitUsage {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// A key that is no text would not be claimed: two instruments could have it.
func TestAKeyIsText(t *testing.T) {
	for _, row := range []struct {
		file  string
		right bool
	}{
		{`{"code":"4711"}`, true},
		{`{"worth":"CHF:1"}`, true},
		{`{"code":4711}`, false},
		{`{"code":["4711"]}`, false},
		{`{"code":true}`, false},
	} {
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(row.file), &members); err != nil {
			t.Fatal(err)
		}
		keys, err := claims(coupon, members)
		if (err == nil) != row.right || err != nil && (fault.ReasonOf(err) != "key-malformed" || cli.ExitCode(err) != cli.ExitUsage) {
			t.Errorf("%s: %v, %v", row.file, keys, err)
		}
	}
	if keys, _ := claims(coupon, map[string]json.RawMessage{"code": json.RawMessage(`"X"`)}); keys["code"] != "X" {
		t.Errorf("it claims %v", keys)
	}
}

func TestAFileHoldsOneObject(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.json")
	for text, right := range map[string]bool{`{"a":1}`: true, "{}\n": true, `{"a":1}{"a":2}`: false, `{"a":1},`: false, `[1]`: false, `null`: false, `"x"`: false, ``: false, `{"a":`: false, `{"a":"GRÜN"}`: true, "{\"a\":\"GR\xdcN\"}": false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), cli.New(), path); (err == nil) != right {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Read(t.Context(), cli.New(), filepath.Join(t.TempDir(), "none")); cli.ExitCode(err) != cli.ExitUsage {
		t.Errorf("no file: %v", err)
	}
}

func TestWhatAnInstrumentIsCalled(t *testing.T) {
	members := map[string]json.RawMessage{"code": json.RawMessage(`"SECRET"`), "worth": json.RawMessage(`"CHF:1"`)}
	if got := called(coupon, members); got != "Shop coupon CHF:1" {
		t.Errorf("it is called %q", got)
	}
	if status := first(coupon); status != "ready" {
		t.Errorf("it begins as %q", status)
	}
	if first(instrument.Info{Moves: []instrument.Move{{From: "a", To: "b"}}}) != "" {
		t.Error("what nobody can make begins somehow")
	}
}
