package vendor_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/stream"
	"github.com/swaperoo/swaperoo/comm/stream/streamtest"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// atTheReader is a customer who pays by a card at the terminal's reader.
type atTheReader struct{ customer }

func (*atTheReader) Choose(context.Context, vendor.Withdrawal) (vendor.Means, error) {
	return vendor.Means{Reader: true}, nil
}

// tap has a card pay whatever is at the reader, as soon as something is. The card is drawn when ctx ends.
func (w *wallet) tap(ctx context.Context, at comm.Peer) error {
	s, err := w.InitiateSession(ctx, at, controller.Login{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		_, err := s.Negotiate(ctx, vendor.ClassCard, instrument.Invoice{})
		if err == nil {
			break
		}
		if fault.ReasonOf(err) != vendor.ReasonNothingToPay || time.Now().After(end) {
			return err
		}
	}
	me, err := w.Own(ctx)
	if err != nil {
		return err
	}
	_, err = s.Execute(ctx, controller.Transaction{Principal: me, Operation: protocol.Pay, Class: vendor.ClassCard, Instruments: []instrument.ID{w.card}}, nil)
	return err
}

// readerDoors are the two ends of each way on which a reader may be.
func readerDoors(t *testing.T) map[string]struct{ door, reader string } {
	t.Helper()
	dir, err := os.MkdirTemp("", "") // short: a socket's name is
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := "unix:" + filepath.Join(dir, "r")
	ways := map[string]struct{ door, reader string }{"a unix socket": {socket, socket}}
	if a, b, there := streamtest.Cable(t); there {
		ways["a pseudo terminal"] = struct{ door, reader string }{stream.Serial + ":" + a, stream.Serial + ":" + b}
	}
	return ways
}

// A card at the terminal's own reader pays by a session with a one-time
// authorisation.
func TestACardAtTheReaderPays(t *testing.T) {
	for name, way := range readerDoors(t) {
		t.Run(name, func(t *testing.T) {
			for _, row := range []struct {
				name   string
				person customer
				refuse bool
				events []string
				kind   fault.Kind
				times  int
			}{
				{"approved", customer{}, false, []string{"setup", "selected", "paid", "confirmed"}, 0, 1},
				{"declined", customer{}, true, []string{"setup", "selected", "aborted"}, fault.Declined, 1},
				{"another wallet has selected", customer{other: true}, false, []string{"setup", "selected", "aborted"}, fault.Declined, 0},
			} {
				t.Run(row.name, func(t *testing.T) {
					c := newCast(t)
					c.cards.Be(func(m *banktest.Mood) { m.Refuses = row.refuse })
					a, err := comm.ParseAddress(way.door)
					check(t, err)
					door, err := c.ListenReader(t.Context(), c.comm, a)
					check(t, err)
					if !c.HasReader() {
						t.Error("there is no reader")
					}
					w, ended := newWallet(t, c), make(chan error, 1)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					go func() {
						ended <- w.tap(ctx, comm.Peer{Role: comm.Vendor, Key: c.key, Addresses: []string{way.reader + "#" + c.key}})
					}()
					person := &atTheReader{row.person}
					person.on = c.selects(t, newPurse(t, 1))
					sold, err := c.Withdraw(ctx, vendor.Order{RequestUID: "one", Amount: amount(t, "CHF:20")}, person)
					if fault.KindOf(err) != row.kind || !slices.Equal(person.events, row.events) || c.cards.Times() != row.times {
						t.Errorf("error %v, events %v, %d charges", err, person.events, c.cards.Times())
					}
					if row.kind == 0 && sold.Status != taler.TerminalConfirmed {
						t.Errorf("it is %s", sold.Status)
					}
					if row.times > 0 {
						if err := <-ended; fault.KindOf(err) != row.kind {
							t.Errorf("the card: %v", err)
						}
						check(t, door.Close())
					} else {
						check(t, door.Close()) // the card is still in it
						cancel()
						<-ended
					}
					if c.HasReader() {
						t.Error("there is a reader still")
					}
				})
			}
		})
	}
}

// A reader that asks for anything but a payment by card for an offer of ours is refused, whatever
// is at it.
func TestAReaderAsksForNothingElse(t *testing.T) {
	role := newCast(t).Reading()
	for name, asked := range map[string]controller.Transaction{
		"a refund":          {Class: vendor.ClassCard, Operation: protocol.Refund},
		"without an offer":  {Class: vendor.ClassCard, Operation: protocol.Pay},
		"a withdrawal":      {Class: vendor.ClassWithdrawal, Operation: taler.OperationAbort},
		"another's payment": {Class: vendor.ClassPrepaid, Operation: protocol.Pay},
	} {
		if err := role.Prepare(t.Context(), controller.Caller{}, comm.Execute{}, &asked); fault.ReasonOf(err) != "not-granted" || fault.KindOf(err) != fault.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := role.Offers(t.Context(), controller.Caller{}, instrument.Invoice{}, vendor.ClassPrepaid); fault.ReasonOf(err) != "class-not-offered" {
		t.Errorf("an account is offered to pay: %v", err)
	}
}

// What is sold to a native peer is not sold at the reader, nor the other way round,
// and the reader asks for nothing but payments by card.
func TestAReaderIsNoWallet(t *testing.T) {
	c := newCast(t)
	shop := c.open(t)
	ways := readerDoors(t)
	a, err := comm.ParseAddress(ways["a unix socket"].door)
	check(t, err)
	door, err := c.ListenReader(t.Context(), c.comm, a)
	check(t, err)
	t.Cleanup(func() { _ = door.Close() })
	reader := comm.Peer{Role: comm.Vendor, Key: c.key, Addresses: []string{door.Address().String()}}
	w, purses := newWallet(t, c), byte(0)
	for _, row := range []struct {
		name   string
		screen vendor.Screen
		reason fault.Reason
		asks   func(id taler.WOPID) error
	}{
		{"at the reader", &atTheReader{}, "wallet-differs", func(id taler.WOPID) error { return w.pay(t, shop, id, newPurse(t, 1)) }},
		{"to a native peer", &customer{}, vendor.ReasonNothingToPay, func(taler.WOPID) error {
			s, err := w.InitiateSession(t.Context(), reader, controller.Login{})
			check(t, err)
			defer func() { _ = s.Close(context.WithoutCancel(t.Context())) }()
			_, err = s.Negotiate(t.Context(), vendor.ClassCard, instrument.Invoice{})
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			purses++
			selects := c.selects(t, newPurse(t, purses))
			var id taler.WOPID
			shown := make(chan taler.WOPID, 1)
			on := func(e vendor.Event) {
				if selects(e); e.Event == vendor.EventSetup {
					uri, err := taler.ParseWithdrawURI(e.URI)
					check(t, err)
					wopid, err := taler.ParseWOPID(uri.ID.Text())
					check(t, err)
					shown <- wopid
				}
			}
			switch s := row.screen.(type) {
			case *atTheReader:
				s.on = on
			case *customer:
				s.on = on
			}
			ended := make(chan error, 1)
			go func() {
				_, err := c.Withdraw(ctx, vendor.Order{RequestUID: row.name, Amount: amount(t, "CHF:20")}, row.screen)
				ended <- err
			}()
			id = <-shown
			var err error
			for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) { // until it is for sale
				if err = row.asks(id); fault.ReasonOf(err) == row.reason && row.reason != vendor.ReasonNothingToPay {
					break
				}
				if w, missing := c.Find(t.Context(), id); missing == nil && w.Status == taler.TerminalSelected && fault.ReasonOf(err) == row.reason {
					break
				}
			}
			if fault.ReasonOf(err) != row.reason || c.cards.Times() != 0 {
				t.Errorf("%v after %d charges", err, c.cards.Times())
			}
			cancel()
			<-ended
		})
	}
	s, err := w.InitiateSession(t.Context(), reader, controller.Login{})
	check(t, err)
	defer func() { _ = s.Close(context.WithoutCancel(t.Context())) }()
	if _, err := s.Negotiate(t.Context(), vendor.ClassPrepaid, instrument.Invoice{"amount": "CHF:1"}); err == nil {
		t.Error("another class is offered at the reader")
	}
}
