package house_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/stream/streamtest"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// A wallet reaches a terminal over a socket and over serial lines; a line in
// clear is one only where both have said so.
func TestAWalletReachesATerminalOverLines(t *testing.T) {
	dir, err := os.MkdirTemp("", "lines") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	rows := []line{{name: "a socket", scheme: stream.Unix, here: filepath.Join(dir, "s"), there: filepath.Join(dir, "s")}}
	if a, b, there := streamtest.Cable(t); there {
		allowed := []string{stream.SerialClear + ":" + a, stream.SerialClear + ":" + b}
		rows = append(
			rows,
			line{name: "a serial line", scheme: stream.Serial, here: a, there: b},
			line{name: "a serial line in clear", scheme: stream.SerialClear, here: a, there: b, clear: allowed},
			line{name: "one in clear that only the terminal allows", scheme: stream.SerialClear, here: a, there: b, clear: allowed[:1], dial: "clear-refused"},
			line{name: "one in clear that only the wallet allows", scheme: stream.SerialClear, here: a, there: b, clear: allowed[1:], listen: "clear-refused"},
		)
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { row.try(t) })
	}
}

// line is one line with its two ends.
type line struct {
	name, scheme, here, there string
	clear                     []string
	listen, dial              fault.Reason
}

func (row line) try(t *testing.T) {
	terminal := opened(t, house.Options{Files: made(t, ""), Role: comm.Vendor, Name: "shop", Policy: vendor.Policy(), Clear: row.clear})
	var trusted string
	o := options(made(t, "open sesame"), "open sesame")
	o.Clear = row.clear
	o.Trust = func(_ context.Context, key string, _ comm.Address) error {
		trusted = key
		return nil
	}
	wallet := opened(t, o)
	servicing := vendor.New(terminal.Controller, nil, vendor.Config{}).Servicing()
	door, err := terminal.Comm.Listen(t.Context(), comm.Address{Scheme: row.scheme, Path: row.here}, func(comm.Conn) (comm.Handler, error) {
		return terminal.Serve(servicing), nil
	})
	if fault.ReasonOf(err) != row.listen {
		t.Fatalf("listening: %v", err)
	}
	if err != nil {
		return
	}
	t.Cleanup(func() { _ = door.Close() })
	at := comm.Address{Scheme: row.scheme, Path: row.there}
	s, err := wallet.InitiateSession(t.Context(), comm.Peer{Addresses: []string{at.String()}}, controller.Login{})
	if fault.ReasonOf(err) != row.dial {
		t.Fatalf("dialling: %v", err)
	}
	if err != nil {
		return
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	want := terminal.Identity.KeyText()
	if stream.InClear(row.scheme) {
		want = ""
	}
	if got := s.Peer(); got.Name != "shop" || got.Key != want || trusted != want {
		t.Errorf("the peer is %+v, and %q was trusted", got, trusted)
	}
}

// opened opens a party and closes it with the test.
func opened(t *testing.T, o house.Options) *house.House {
	t.Helper()
	o.Log = options(o.Files, "").Log
	h, err := house.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}
