//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// TestMain makes the test binary play the real machine, its bundled plugins and a
// stranger's coupon as well.
func TestMain(m *testing.M) {
	bundled.ServeIfAsked()
	if os.Getenv(api.CookieKey) == api.CookieValue {
		sdk.Main(coupons())
	}
	if len(os.Args) > 2 && os.Args[1] == "machine" {
		os.Exit(play(os.Args[2]))
	}
	var err error
	if scratch, err = os.MkdirTemp("", "vending"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// scratch is a folder for all tests.
var scratch string

// part is what a machine's process plays.
type part struct {
	Dir     string
	Kill    point // of the dispensing
	Torn    bool  // it dies while the line is written
	Without string
}

// motor is what turns in a machine without protection: it does what it is told
// and counts nothing.
const motor = "motor"

// The protections that a machine can be without.
const (
	partIsWhole   = "one part is taken for the whole payment"
	twiceForParts = "it dispenses for each part of a payment that is paid"
	noCounter     = "it dispenses before it looks at a cursor"
	cursorBehind  = "the cursor is a file that is written after the chute"
	cursorInFront = "the cursor is a file that is written before the chute"
)

func play(text string) int {
	var p part
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	d := &death{}
	go d.listen()
	r := rig{house: func(o *house.Options) { o.At = d.at }, at: func(at point) {
		if at != p.Kill {
			return
		}
		if p.Torn {
			_ = write(filepath.Join(p.Dir, "chute"), "999 A1 0123")
		}
		die()
	}}
	p.without(&r)
	return run([]string{"serve", "--dir", p.Dir, "--session", "unix:" + filepath.Join(p.Dir, "sock"), "--json", "-v"}, r)
}

// without takes a protection away.
func (p part) without(r *rig) {
	cursor := filepath.Join(p.Dir, "cursor")
	read := func(*chute) (seq instrument.Seq) {
		text, _ := os.ReadFile(cursor)
		_, _ = fmt.Sscan(string(text), &seq)
		return seq
	}
	turn := func(_ *chute, j job) error { return write(filepath.Join(p.Dir, motor), j.line()) }
	note := func(j job) error { return os.WriteFile(cursor, fmt.Append(nil, j.seq), 0o600) }
	switch p.Without {
	case partIsWhole:
		r.paid = func(context.Context, *vendor.Terminal, held) (vendor.Payment, error) {
			return vendor.Payment{Status: vendor.PaymentPaid}, nil
		}
	case twiceForParts:
		r.paid = func(ctx context.Context, t *vendor.Terminal, h held) (vendor.Payment, error) {
			p, err := t.Payment(ctx, h.peer, h.payment)
			p.Parts = nil
			return p, err
		}
	case noCounter:
		r.cursor, r.drop = func(*chute) instrument.Seq { return 0 }, turn
	case cursorBehind:
		r.cursor, r.drop = read, func(c *chute, j job) error {
			if err := turn(c, j); err != nil {
				return err
			}
			r.at(pointDropped)
			return note(j)
		}
	case cursorInFront:
		r.cursor, r.drop = read, func(c *chute, j job) error {
			if err := note(j); err != nil {
				return err
			}
			r.at(pointDropped) // it is told elsewhere, before
			return turn(c, j)
		}
	}
}

// death kills the process at a point of an operation: the test writes which, and
// is told that it is known.
type death struct {
	mu     sync.Mutex
	nth    int // counted from the next request; 0: never
	passed int
}

func (d *death) listen() {
	for nth := 0; ; {
		if _, err := fmt.Scanln(&nth); err != nil {
			return
		}
		d.mu.Lock()
		d.nth, d.passed = nth, 0
		d.mu.Unlock()
		fmt.Println(`{"name":"armed"}`)
	}
}

func (d *death) at(p protocol.Point) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p == protocol.PointRequest || d.passed > 0 {
		d.passed++
	}
	if d.nth > 0 && d.passed == d.nth {
		fmt.Fprintln(os.Stderr, "killed at", d.passed, p)
		die()
	}
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// write adds to a file, without waiting until it is durable.
func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}

// coupons is the plugin: coupons that are worth something, each taken once.
func coupons() sdk.Bundle {
	pay := sdk.Simple{
		Name: "coupon.redeem", Title: "Redeem a coupon", Class: classCoupon, Operation: protocol.Pay, Accepted: "redeemed", Returned: "ready",
		Present: present, Accept: accept, GiveBack: giveBack,
	}
	return sdk.Bundle{
		Name: "coupon", Version: "1.0.0",
		Classes: func(role comm.Role) []instrument.Class {
			return sdk.Refundable(role, sdk.Class{About: instrument.Info{
				ID: classCoupon, Title: "Coupon", Keys: []string{"code"},
				Moves: []instrument.Move{
					{To: "ready"},
					{From: "ready", To: "presented"},
					{From: "presented", To: "presented"},
					{From: "presented", To: "ready"},
					{From: "presented", To: "redeemed"},
					{From: "redeemed", To: "ready"},
					{To: "taken"},
				},
			}, Rule: func(_, _ *instrument.Instance) error { return nil }})
		},
		Protocols: func(comm.Role) []protocol.Protocol { return []protocol.Protocol{pay} },
	}
}

const classCoupon instrument.ClassID = "coupon"

type coupon struct {
	Code  string            `json:"code"`
	Worth instrument.Amount `json:"worth"`
}

// present shows whatever coupon it has, and says that it is worth the price: what
// does not suit the machine has to refuse.
func present(_ protocol.Session, call protocol.Call, i *instrument.Instance) (protocol.Result, error) {
	i.Status = "presented"
	shown := protocol.Result{Value: i.State}
	if call.Offer != nil {
		shown.Amount = call.Offer.Terms.Price
	}
	return shown, nil
}

func accept(_ protocol.Session, call protocol.Call, tx instrument.Tx, message json.RawMessage) (protocol.Result, error) {
	var c coupon
	if err := json.Unmarshal(message, &c); err != nil || call.Offer == nil || c.Worth != call.Offer.Terms.Price {
		return protocol.Result{}, fault.New(fault.Declined, "this coupon does not pay this price").Because("coupon-refused")
	}
	_, err := tx.Create(instrument.Instance{Class: classCoupon, Status: "taken", Keys: map[string]string{"code": c.Code}, State: message})
	return protocol.Result{Value: json.RawMessage(`{"taken":true}`), Amount: c.Worth}, err
}

// giveBack gives a coupon back.
func giveBack(instrument.Tx, json.RawMessage, instrument.Amount) (json.RawMessage, error) {
	return json.RawMessage(`{"returned":true}`), nil
}

// TestWrongUsageIsToldAsSuch: the exit codes are those of all commands.
func TestWrongUsageIsToldAsSuch(t *testing.T) {
	for _, args := range [][]string{{"serve", "--nope"}, {"nope"}, {"init", "nope"}, {"init", "--dir", t.TempDir(), "--product", "nope"}, {"init", "--dir", t.TempDir(), "--listen", "here"}, {"init", "--dir", t.TempDir(), "--name", strings.Repeat("m", 257)}} {
		if code := run(args, rig{}); code != cli.ExitUsage {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}
