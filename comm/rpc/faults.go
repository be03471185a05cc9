package rpc

import (
	"encoding/json"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
)

// codeBase is where JSON-RPC lets servers number their own errors downwards.
const codeBase = -32000

// sent writes an error for the peer: of a fault all but its cause, of any other
// error nothing but that it happened.
func sent(err error) *jsonrpc2.Error {
	f := fault.From(err)
	if f.Kind == fault.Suspended { // a word of this process only
		f = fault.New(fault.Unavailable, "this party is going away").Because(comm.ReasonGoingAway).WithHint("connect again later")
	}
	e := &jsonrpc2.Error{Code: codeBase - int64(f.Kind), Message: f.Message}
	e.SetError(f)
	return e
}

// received reads the error of a peer.
func received(e *jsonrpc2.Error) error {
	var f fault.Fault
	if e.Data == nil || json.Unmarshal(*e.Data, &f) != nil || f.Kind == 0 {
		f = fault.Fault{Kind: fault.Internal, Reason: "peer-failed", Message: "the peer failed: " + e.Message}
	}
	return f.Foreign()
}
