package taler

import "github.com/swaperoo/swaperoo/comm/fault"

const (
	oldestExchange = 15 // before it accounts were signed otherwise
	lastBatch      = 25
	firstUnified   = 26
)

// WithdrawProtocols are the protocols in which an exchange that says it is of this
// version lets coins be withdrawn, the newer first: what it brings to the
// negotiation. An exchange that still speaks an older generation beside the newer
// brings both. The error is fault.Unsupported when there is none that is known
// here.
func WithdrawProtocols(v Version) ([]string, error) {
	oldest := v.Current - v.Age
	switch {
	case v.Current < oldestExchange:
		return nil, fault.New(fault.Unsupported, "the exchange speaks protocol %s, and only %d and later are known here", v, oldestExchange).
			Because(ReasonVersionIncompatible).WithHint("its operator has to bring it up to date; coins of it need the wallet that withdrew them")
	case oldest > ExchangeClient.Current:
		return nil, fault.New(fault.Unsupported, "the exchange speaks protocol %s, and none after %d is known here", v, ExchangeClient.Current).
			Because(ReasonVersionIncompatible).WithHint("bring this software up to date")
	case v.Current < firstUnified:
		return []string{ProtocolBatchWithdraw}, nil
	case oldest <= lastBatch:
		return []string{ProtocolWithdraw26, ProtocolBatchWithdraw}, nil
	}
	return []string{ProtocolWithdraw26}, nil
}
