package comm_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestTrust(t *testing.T) {
	no := errors.New("no")
	takeAll := comm.Trust(func(context.Context, string, comm.Address) error { return nil })
	takeNone := comm.Trust(func(context.Context, string, comm.Address) error { return no })
	for _, row := range []struct {
		name     string
		trust    comm.Trust
		expected string
		reason   fault.Reason
		err      error
	}{
		{"expected", nil, "PROVED", "", nil},
		{"expected, although nobody is trusted", takeNone, "PROVED", "", nil},
		{"changed", nil, "OTHER", "peer-key-changed", fault.Denied},
		{"changed, although everybody is trusted", takeAll, "OTHER", "peer-key-changed", fault.Denied},
		{"unknown", nil, "", "peer-unknown", fault.Denied},
		{"unknown and taken", takeAll, "", "", nil},
		{"unknown and refused", takeNone, "", "", no},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.trust.Check(t.Context(), "PROVED", comm.Address{Scheme: "wss", Host: "bank.example", Key: row.expected})
			if !errors.Is(err, row.err) {
				t.Fatalf("error is %v, want %v", err, row.err)
			}
			if row.reason == "" {
				return
			}
			f := fault.From(err)
			text := f.Message + f.Hint
			if f.Reason != row.reason || !strings.Contains(text, "PROVED") || !strings.Contains(text, row.expected) || !strings.Contains(text, "wss://bank.example") {
				t.Errorf("fault is %+v", f)
			}
		})
	}
}
