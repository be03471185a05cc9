package vendor

import (
	"context"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// ReasonNothingToPay is what a card reader is told while no withdrawal is to be
// paid at it.
const ReasonNothingToPay fault.Reason = "nothing-to-pay"

// ListenReader opens a door for the terminal's own card reader: a client peer on a
// stream. A plastic card is a very small wallet (paper §5): it takes the vendor's
// offer and pays it with a one-time authorisation. What a card lacks is the key of
// the reserve, so the customer says before that the wallet which selected is theirs.
func (t *Terminal) ListenReader(ctx context.Context, m *comm.Manager, a comm.Address) (comm.Listener, error) {
	l, err := m.Listen(ctx, a, t.Accept(reading{servicing{t}}))
	if err != nil {
		return nil, err
	}
	t.attached(1)
	return &readerDoor{Listener: l, closed: sync.OnceFunc(func() { t.attached(-1) })}, nil
}

// readerDoor is a door whose end is noted.
type readerDoor struct {
	comm.Listener
	closed func()
}

// Close implements comm.Listener.
func (d *readerDoor) Close() error {
	d.closed()
	return d.Listener.Close()
}

func (t *Terminal) attached(more int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readers += more
}

// HasReader reports whether a card reader can reach this terminal.
func (t *Terminal) HasReader() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.readers > 0
}

// byReader has a card at the terminal's own reader pay, once the customer has said that
// the wallet is theirs.
func (t *Terminal) byReader(ctx context.Context, w *Withdrawal, s Screen) (string, error) {
	if err := t.sameWallet(ctx, w, s); err != nil {
		return "", err
	}
	return t.wait(ctx, w, true, func() {})
}

// reading services card readers.
type reading struct{ servicing }

// Offers is the withdrawal that is at the reader, whatever the invoice says.
func (r reading) Offers(_ context.Context, _ controller.Caller, _ instrument.Invoice, class instrument.ClassID) (instrument.Terms, instrument.Invoice, error) {
	if class != ClassCard {
		return instrument.Terms{}, nil, notTaken(class)
	}
	sale, err := r.t.atReader()
	if err != nil {
		return instrument.Terms{}, nil, err
	}
	terms, inv := r.t.saleTerms(sale)
	return terms, inv, nil
}

// Prepare takes one payment of the withdrawal that is at the reader.
func (r reading) Prepare(ctx context.Context, _ controller.Caller, e comm.Execute, t *controller.Transaction) error {
	if t.Class != ClassCard || t.Operation != protocol.Pay || e.Call.Offer == nil {
		return fault.New(fault.Denied, "a card reader pays by card, and nothing else").Because("not-granted")
	}
	offer, err := controller.OfferBody(*e.Call.Offer)
	if err != nil {
		return err
	}
	sale, err := r.t.sale(offer.Invoice[controller.InvoiceReference])
	if err != nil || !sale.reader {
		return nothingToPay()
	}
	provider, err := r.t.Provider(ctx)
	if err != nil {
		return err
	}
	t.Instruments, t.Reference = []instrument.ID{provider}, sale.w.Reference()
	return r.t.lastLook(ctx, sale, t)
}

// atReader is the withdrawal that a card at the reader is to pay.
func (t *Terminal) atReader() (*sale, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.selling {
		if s.reader && !s.inLine && s.paying == 0 {
			return s, nil
		}
	}
	return nil, nothingToPay()
}

func nothingToPay() error {
	return fault.New(fault.NotFound, "nothing is to be paid at this reader now").Because(ReasonNothingToPay)
}
