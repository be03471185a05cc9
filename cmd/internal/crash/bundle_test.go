//go:build unix

package crash_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// Names of the bundle under test.
const (
	classCoin     instrument.ClassID = "coin"
	classProvider instrument.ClassID = "provider"
	classTill     instrument.ClassID = "till"
	classReceipt  instrument.ClassID = "receipt"

	pay   = "crash.pay"   // one message each way, one request at the vendor
	trade = "crash.trade" // three messages each way and a last word, three requests
	note  = "crash.note"  // nothing but a unit of work
)

// Words in the name of a plugin's file that make it another one.
const (
	ownClock   = "own-clock" // it breaks the rules: it looks at a clock of its own
	secondCode = "replay-2"  // its code takes other steps than that of the first
)

// bundle is the plugin of a file of that name.
func bundle(name string) sdk.Bundle {
	c := code{replay: 1}
	if strings.Contains(name, secondCode) {
		c.replay = 2
	}
	c.cheats = strings.Contains(name, ownClock)
	return sdk.Bundle{
		Name: "crash", Version: "1.0.0",
		Classes: func(role comm.Role) []instrument.Class {
			return append(sdk.Refundable(role, voucher), []instrument.Class{
				class{instrument.Info{ID: classCoin, Title: "Coin", Keys: []string{"serial"}, Moves: []instrument.Move{
					{To: "full"}, {From: "full", To: "pending"}, {From: "pending", To: "pending"}, {From: "pending", To: "full"}, {From: "pending", To: "spent"},
				}}},
				class{instrument.Info{ID: classProvider, Title: "Provider", Shareable: true, Address: "url", Moves: []instrument.Move{{To: "active"}}}},
				class{instrument.Info{ID: classTill, Title: "Till", Shareable: true, Moves: []instrument.Move{{To: "open"}, {From: "open", To: "open"}}}},
				class{instrument.Info{ID: classReceipt, Title: "Receipt", Keys: []string{"serial"}, Moves: []instrument.Move{
					{To: "pending"}, {From: "pending", To: "pending"}, {From: "pending", To: "taken"},
				}}},
			}...)
		},
		Protocols: func(comm.Role) []protocol.Protocol {
			return []protocol.Protocol{payment{c, pay}, payment{c, trade}, noting{c}, spend}
		},
	}
}

type class struct{ info instrument.Info }

func (c class) Info() instrument.Info               { return c.info }
func (class) Check(_, _ *instrument.Instance) error { return nil }

func (class) Prefer(protocols []string, c instrument.Circumstances) (string, error) {
	return instrument.PreferFirst(protocols, c), nil
}

// code is what the protocols have in common.
type code struct {
	replay int
	cheats bool
}

// now is the time that the code puts into what it sends and stores. Without it a
// second run would do the same as the first, and hide that there were two.
func (c code) now(s protocol.Session) time.Time {
	if c.cheats {
		return time.Now()
	}
	return s.Now()
}

// said is what one side tells the other, and what both keep.
type said struct {
	Serial string    `json:"serial,omitempty"`
	Now    time.Time `json:"now"`
	Nonce  []byte    `json:"nonce"`
	Paid   string    `json:"paid,omitempty"` // what the provider has answered
	Sent   time.Time `json:"sent"`           // after that
}

func (c code) say(s protocol.Session) said {
	return said{Now: c.now(s), Nonce: s.Random(8)}
}

// kept is the state of a coin and of its receipt: all that was said of it.
type kept struct {
	Mine   []said `json:"mine,omitempty"`
	Theirs []said `json:"theirs,omitempty"`
}

// account is the state of a till.
type account struct {
	Taken   int `json:"taken"`   // coins that were paid with
	Pending int `json:"pending"` // … that are being paid with
	Bumps   int `json:"bumps"`   // changes of others, in between
}

// order is what a provider is asked for.
type order struct {
	Reference instrument.OperationID `json:"reference"`
	What      string                 `json:"what"`
	By        said                   `json:"by"`
}

// order pays something at the provider; the answer names the payment.
func (c code) order(ctx context.Context, s protocol.Session, provider instrument.ID, what string, by said) (string, error) {
	body, err := protocol.ResultOf(order{s.Operation(), what, by})
	if err != nil {
		return "", err
	}
	r, err := s.Fetch(ctx, protocol.Request{Address: provider, Method: http.MethodPost, Path: "payments", Body: body.Value, Repeat: true})
	if err != nil {
		return "", err
	}
	if r.Status != http.StatusOK {
		return "", fault.New(fault.Unknown, "the provider says %d", r.Status)
	}
	return string(r.Body), nil
}

// change edits one instance and its state.
func change[S any](ctx context.Context, s protocol.Session, id instrument.ID, status string, f func(*S) error) error {
	return s.Update(ctx, func(tx instrument.Tx) error { return edit(tx, id, status, f) })
}

func edit[S any](tx instrument.Tx, id instrument.ID, status string, f func(*S) error) error {
	i, err := tx.Get(id)
	if err != nil {
		return err
	}
	var state S
	if err := i.Decode(&state); err != nil {
		return err
	}
	i.Status = status
	if err := errors.Join(f(&state), i.Encode(state)); err != nil {
		return err
	}
	return tx.Put(i)
}

// noting is an operation without a peer, for the unit of work that it makes.
type noting struct{ code }

func (n noting) Info() protocol.Info {
	return protocol.Info{ID: note, Title: "Note", Replay: n.replay}
}

func (noting) CompatibleWith(class instrument.ClassID) bool { return class == classReceipt }

func (noting) Operations(instrument.ClassID, comm.Role) []protocol.Operation {
	return []protocol.Operation{{Name: "NOTE"}}
}

func (noting) DoOperation(ctx context.Context, s protocol.Session, _ protocol.Call) (protocol.Result, error) {
	return protocol.Result{}, s.Update(ctx, func(tx instrument.Tx) error {
		_, err := tx.Create(instrument.Instance{Class: classReceipt, Status: "pending", State: []byte(`{}`)})
		return err
	})
}
