package api

import (
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// WriteInstance and its siblings translate the words that both directions use.
func WriteInstance(i instrument.Instance) *wire.Instance {
	return &wire.Instance{
		Id: string(i.ID), Class: string(i.Class), Owner: string(i.Owner), Name: text(i.Name),
		Status: i.Status, Keys: texts(i.Keys), Version: i.Version, State: i.State,
	}
}

// ReadInstance refuses a state that is not JSON; an empty one stands for none.
func ReadInstance(i *wire.Instance) (instrument.Instance, error) {
	if err := checkJSON(i.GetState(), "the state of an instance"); err != nil {
		return instrument.Instance{}, err
	}
	return instrument.Instance{
		ID: instrument.ID(i.GetId()), Class: instrument.ClassID(i.GetClass()), Owner: instrument.PrincipalID(i.GetOwner()),
		Name: i.GetName(), Status: i.GetStatus(), Keys: i.GetKeys(), Version: i.GetVersion(), State: i.GetState(),
	}, nil
}

// WriteAmount gives nil for the zero Amount.
func WriteAmount(a instrument.Amount) *wire.Amount {
	if a == (instrument.Amount{}) {
		return nil
	}
	return &wire.Amount{Currency: a.Currency, Value: a.Value, Fraction: a.Fraction}
}

// ReadAmount refuses what instrument.ParseAmount could not have made.
func ReadAmount(a *wire.Amount) (instrument.Amount, error) {
	if a == nil {
		return instrument.Amount{}, nil
	}
	if err := instrument.CheckCurrency(a.GetCurrency()); err != nil {
		return instrument.Amount{}, err
	}
	if a.GetValue() > instrument.MaxValue || a.GetFraction() >= instrument.FractionBase {
		return instrument.Amount{}, badFrame("an amount is out of range")
	}
	return instrument.Amount{Currency: a.GetCurrency(), Value: a.GetValue(), Fraction: a.GetFraction()}, nil
}

// WriteFault gives nil for nil; the cause stays behind.
func WriteFault(f *fault.Fault) *wire.Fault {
	if f == nil {
		return nil
	}
	return &wire.Fault{Kind: uint32(f.Kind), Reason: text(string(f.Reason)), Message: text(f.Message), Hint: text(f.Hint)}
}

// ReadFault reads a kind that this version does not know as Internal.
func ReadFault(f *wire.Fault) *fault.Fault {
	if f == nil {
		return nil
	}
	kind := fault.Internal
	if k := f.GetKind(); k >= uint32(fault.Invalid) && k <= uint32(fault.Suspended) {
		kind = fault.Kind(k)
	}
	return &fault.Fault{Kind: kind, Reason: fault.Reason(f.GetReason()), Message: f.GetMessage(), Hint: f.GetHint()}
}

func writeResult(r protocol.Result) *wire.Result {
	return &wire.Result{Value: r.Value, Amount: WriteAmount(r.Amount)}
}

func readResult(r *wire.Result) (*protocol.Result, error) {
	if err := checkJSON(r.GetValue(), "a result"); err != nil {
		return nil, err
	}
	amount, err := ReadAmount(r.GetAmount())
	if err != nil {
		return nil, err
	}
	return &protocol.Result{Value: r.GetValue(), Amount: amount}, nil
}

func writeCall(c protocol.Call) *wire.Call {
	return &wire.Call{
		Operation: c.Operation, Class: string(c.Class),
		Instruments: each(c.Instruments, func(id instrument.ID) string { return string(id) }),
		Invoice:     texts(c.Invoice), Args: c.Args, Offer: writeOffer(c.Offer), Deadline: writeTime(c.Deadline),
	}
}

func readCall(c *wire.Call) (protocol.Call, error) {
	if err := checkJSON(c.GetArgs(), "the arguments of a call"); err != nil {
		return protocol.Call{}, err
	}
	offer, err := readOffer(c.GetOffer())
	if err != nil {
		return protocol.Call{}, err
	}
	deadline, err := readTime(c.GetDeadline())
	if err != nil {
		return protocol.Call{}, err
	}
	return protocol.Call{
		Operation: c.GetOperation(), Class: instrument.ClassID(c.GetClass()),
		Instruments: each(c.GetInstruments(), func(id string) instrument.ID { return instrument.ID(id) }),
		Invoice:     c.GetInvoice(), Args: c.GetArgs(), Offer: offer, Deadline: deadline,
	}, nil
}

func writeOffer(o *instrument.OfferBody) *wire.Offer {
	if o == nil {
		return nil
	}
	return &wire.Offer{
		Id: o.ID, Class: string(o.Class), Price: WriteAmount(o.Terms.Price), Text: o.Terms.Text,
		Invoice: o.Invoice, Transcript: o.Transcript, Payer: o.Payer, Until: writeTime(o.Until),
	}
}

func readOffer(o *wire.Offer) (*instrument.OfferBody, error) {
	if o == nil {
		return nil, nil
	}
	price, err := ReadAmount(o.GetPrice())
	if err != nil {
		return nil, err
	}
	until, err := readTime(o.GetUntil())
	if err != nil {
		return nil, err
	}
	return &instrument.OfferBody{
		ID: o.GetId(), Class: instrument.ClassID(o.GetClass()), Terms: instrument.Terms{Price: price, Text: o.GetText()},
		Invoice: o.GetInvoice(), Transcript: o.GetTranscript(), Payer: o.GetPayer(), Until: until,
	}, nil
}

func writePeer(p comm.Peer) *wire.Peer {
	return &wire.Peer{Name: text(p.Name), Role: string(p.Role), Key: p.Key, Addresses: each(p.Addresses, text), Pnp: p.PNP}
}

func readPeer(p *wire.Peer) comm.Peer {
	return comm.Peer{Name: p.GetName(), Role: comm.Role(p.GetRole()), Key: p.GetKey(), Addresses: p.GetAddresses(), PNP: p.GetPnp()}
}

// writeTime gives nil for the zero time.
func writeTime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// readTime gives UTC: what code makes of a time must not hang on where it runs.
func readTime(t *timestamppb.Timestamp) (time.Time, error) {
	if t == nil {
		return time.Time{}, nil
	}
	if !t.IsValid() {
		return time.Time{}, badFrame("a time is out of range")
	}
	return t.AsTime(), nil
}

// text is what can be said in a frame, which takes nothing but UTF-8: one that cannot be
// written ends the stream, and all operations with it. Foreign bytes come as headers of a
// server, or in what a fault tells of it, or from a person's keyboard.
func text(s string) string { return strings.ToValidUTF8(s, "\ufffd") }

// texts is text of the values of a map, which stays as it is.
func texts(m map[string]string) map[string]string {
	for _, v := range m {
		if !utf8.ValidString(v) {
			clean := make(map[string]string, len(m))
			for k, v := range m {
				clean[text(k)] = text(v)
			}
			return clean
		}
	}
	return m
}

func checkJSON(raw []byte, what string) error {
	if len(raw) > 0 && !instrument.ValidJSON(raw) {
		return badFrame("%s is not JSON", what)
	}
	return nil
}

func badFrame(format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...).Because("frame-malformed")
}
