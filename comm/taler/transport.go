package taler

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// Transport lets a session run with a bank that speaks only Taler's REST: calls
// become requests. Addresses are the base URL of the API that suits our role:
// "taler+https://host/path/", or taler+http on loopback. Nothing is signed
// there, so the peer has no key. The transport answers negotiation itself, from
// the bank's /config: such a bank has one class and one protocol.
type Transport struct {
	// HTTP makes the requests; nil takes a client with this package's limits.
	HTTP *http.Client
	// AllowHTTP lets taler+http reach further than loopback.
	AllowHTTP bool
}

// Schemes are taler+http and taler+https.
func (*Transport) Schemes() []string { return []string{"taler+http", "taler+https"} }

// Dial checks the address; the first request connects.
func (t *Transport) Dial(_ context.Context, a comm.Address, _ comm.Handler) (comm.Conn, error) {
	base := a.Scheme[len("taler+"):] + "://" + a.Host + a.Path
	if _, err := CheckURL(base, t.AllowHTTP); err != nil {
		return nil, err
	}
	return &restConn{transport: t, base: base}, nil
}

// restConn is a comm.Conn whose peer is a REST server. Its session is begun by
// Initiate, which tells our role and credentials.
type restConn struct {
	transport *Transport
	base      string
	client    *Client // set by Initiate, before any other call
	role      comm.Role
	offer     instrument.Invoice
}

func (c *restConn) Peer() comm.Peer { return comm.Peer{Role: comm.Bank} }

func (c *restConn) Close() error { return nil }

// Notify has nobody to tell: REST has no sessions.
func (c *restConn) Notify(context.Context, string, any) error { return nil }

// Call turns a method of a session into a request.
func (c *restConn) Call(ctx context.Context, method string, params, result any) error {
	if i, ok := params.(comm.Initiate); ok {
		return give(result)(c.initiate(ctx, i))
	}
	if c.client == nil {
		return fault.New(fault.Conflict, "a session begins with %s", comm.MethodInitiate).Because("out-of-order")
	}
	switch p := params.(type) {
	case comm.Classes:
		return give(result)(c.classes())
	case comm.Protocols:
		return give(result)(c.protocols(p))
	case comm.Select:
		if method == comm.MethodOperations {
			return give(result)(comm.Available{Names: c.operations()}, nil)
		}
		return nil
	case comm.Execute:
		return give(result)(c.execute(ctx, p))
	}
	return fault.New(fault.Unsupported, "a bank that speaks REST has no method %s", method).Because("method-unknown")
}

// initiate reads the bank's /config and checks that we understand each other.
func (c *restConn) initiate(ctx context.Context, hello comm.Initiate) (comm.Initiated, error) {
	auth := Anonymous()
	if hello.Login != "" {
		auth = Basic(hello.Login, hello.Token)
	}
	client, err := NewClient(c.base, c.transport.HTTP, auth)
	if err != nil {
		return comm.Initiated{}, err
	}
	c.role = hello.Role
	if hello.Role == comm.Vendor {
		cfg, err := client.TerminalConfig(ctx)
		if err != nil {
			return comm.Initiated{}, err
		}
		c.offer = instrument.Invoice{
			"currency": cfg.Currency, "withdrawal_fees": cfg.WithdrawalFees.String(), "provider_name": cfg.ProviderName, "wire_type": cfg.WireType,
		}
		if cfg.WithdrawalFees == (Amount{}) {
			delete(c.offer, "withdrawal_fees")
		}
	} else {
		cfg, err := client.IntegrationConfig(ctx)
		if err != nil {
			return comm.Initiated{}, err
		}
		c.offer = instrument.Invoice{"currency": cfg.Currency}
	}
	c.client = client
	return comm.Initiated{Name: client.host(), Role: comm.Bank, PNP: hello.PNP}, nil
}

// classes is an offer that nobody signed.
func (c *restConn) classes() (comm.Offered, error) {
	body, err := json.Marshal(instrument.OfferBody{Class: ClassWithdrawal, Invoice: c.offer})
	if err != nil {
		return comm.Offered{}, err
	}
	return comm.Offered{Offers: []comm.Offer{{Body: body}}}, nil
}

// protocols is the answer to a negotiation of the withdrawal's protocol or, where no class is
// named, of classes and protocols together.
func (c *restConn) protocols(asked comm.Protocols) (any, error) {
	if asked.Class != "" {
		return map[string][]string{"protocols": {ProtocolWithdraw}}, nil
	}
	offered, err := c.classes()
	return struct {
		Pairs []map[string]string `json:"pairs"`
		comm.Offered
	}{[]map[string]string{{"class": string(ClassWithdrawal), "protocol": ProtocolWithdraw}}, offered}, err
}

// operations are those that the routes of our role stand for.
func (c *restConn) operations() []string {
	if c.role == comm.Vendor {
		return []string{OperationSetUp, OperationConfirm, OperationAbort}
	}
	return []string{OperationSelect, OperationAbort}
}

// execute makes the request that an operation stands for. What the bank refuses
// is the operation's fault; that no answer came is an error, and the request is
// made again: all of them are idempotent.
func (c *restConn) execute(ctx context.Context, e comm.Execute) (comm.Executed, error) {
	value, err := c.request(ctx, e.Call)
	switch fault.KindOf(err) {
	case 0:
	case fault.Unavailable, fault.Unknown, fault.Timeout:
		return comm.Executed{}, err
	default:
		return comm.Executed{Op: e.Op, Fault: fault.From(err)}, nil
	}
	result, err := json.Marshal(value)
	return comm.Executed{Op: e.Op, Result: result}, err
}

func (c *restConn) request(ctx context.Context, call comm.Call) (any, error) {
	if call.Protocol != ProtocolWithdraw {
		return nil, fault.New(fault.Unsupported, "a bank that speaks REST has no protocol %s", call.Protocol).Because("protocol-unknown")
	}
	switch call.Operation {
	case OperationSetUp:
		var r TerminalWithdrawalSetup
		if err := arguments(call, &r); err != nil {
			return nil, err
		}
		return c.client.SetUp(ctx, r)
	case OperationSelect:
		var a SelectArgs
		if err := arguments(call, &a); err != nil {
			return nil, err
		}
		return c.selects(ctx, a)
	case OperationConfirm:
		var a ConfirmArgs
		if err := arguments(call, &a); err != nil {
			return nil, err
		}
		return struct{}{}, c.client.Check(ctx, a.WOPID, a.Request())
	case OperationAbort:
		var a AbortArgs
		if err := arguments(call, &a); err != nil {
			return nil, err
		}
		if c.role == comm.Vendor {
			return struct{}{}, c.client.Abort(ctx, a.WOPID)
		}
		return struct{}{}, c.client.AbortOperation(ctx, a.WOPID)
	}
	return nil, fault.New(fault.Unsupported, "a bank that speaks REST has no operation %s", call.Operation).Because("operation-unknown")
}

// selects makes a selection. What a bank has done that answers it with nothing of use only its
// status says: asked again, it would answer the same.
func (c *restConn) selects(ctx context.Context, a SelectArgs) (BankWithdrawalOperationPostResponse, error) {
	answer, err := c.client.Select(ctx, a.WOPID, a.Request())
	if reason := fault.ReasonOf(err); reason != ReasonAnswerMalformed && reason != ReasonAnswerTooLarge {
		return answer, err
	}
	status, unseen := c.client.Operation(ctx, a.WOPID, LongPoll{})
	switch {
	case fault.ReasonOf(unseen) == ReasonUnknownOperation:
		return answer, unseen
	case unseen != nil:
		return answer, err
	case status.Status == StatePending:
		return answer, fault.Wrap(err, fault.Unsupported, "%s, and has not taken the selection", fault.From(err).Message).Because(ReasonAnswerMalformed).
			WithHint("tell the operator of the bank, and pay nothing for this withdrawal")
	case status.Status == StateAborted, status.SelectedReservePub == a.ReservePub:
		return BankWithdrawalOperationPostResponse{status.Status, status.Status == StateConfirmed, status.ConfirmTransferURL}, nil
	case status.MayBeOf(a.ReservePub): // so the bank does not say whose it is, and its answer has not agreed to us
		return answer, err
	}
	return answer, fault.New(fault.Conflict, "another wallet has taken this withdrawal").Because(ReasonSelectionConflict)
}

func arguments(c comm.Call, v any) error {
	if err := json.Unmarshal(c.Args, v); err != nil {
		return fault.Wrap(err, fault.Invalid, "the arguments of %s cannot be read", c.Operation).Because(ReasonJSONInvalid)
	}
	return nil
}

// give hands a value to whoever waits for it in another type of the same JSON.
func give(result any) func(any, error) error {
	return func(v any, err error) error {
		if err != nil || result == nil {
			return err
		}
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return json.Unmarshal(text, result)
	}
}
