package taler

import (
	"context"
	"slices"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// exchange is the protocol taler.exchange: what a wallet or terminal knows of an
// exchange.
type exchange struct{}

// Info implements protocol.Protocol.
func (exchange) Info() protocol.Info {
	return protocol.Info{ID: taler.ProtocolExchange, Title: "Know an exchange of digital cash", Replay: 3}
}

// CompatibleWith implements protocol.Protocol.
func (exchange) CompatibleWith(class instrument.ClassID) bool { return class == exchangeID }

// Operations implements protocol.Protocol.
func (exchange) Operations(class instrument.ClassID, peer comm.Role) []protocol.Operation {
	if class != exchangeID || peer != "" {
		return nil
	}
	return []protocol.Operation{{Name: taler.OperationRefresh}, {Name: taler.OperationTerms, ReadOnly: true}, {Name: taler.OperationAccept}}
}

// DoOperation implements protocol.Protocol.
func (exchange) DoOperation(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	switch c.Operation {
	case taler.OperationRefresh:
		return refresh(ctx, s, c)
	case taler.OperationTerms:
		return terms(ctx, s, c)
	case taler.OperationAccept:
		return accept(ctx, s, c)
	}
	return protocol.Result{}, fault.New(fault.Unsupported, "%s has no operation %s", taler.ProtocolExchange, c.Operation).Because("operation-unknown")
}

// checkExchange is the class's own rule: an exchange keeps its address, and its master key
// once one is known, because a person has trusted both. A key that the person has replaced
// is remembered as a former one.
func checkExchange(before, after *instrument.Instance) error {
	var was, is taler.ExchangeState
	if err := after.Decode(&is); err != nil {
		return err
	}
	if before == nil {
		return checkExchangeURL(is.URL)
	}
	if err := before.Decode(&was); err != nil {
		return err
	}
	if was.URL != is.URL {
		return fault.New(fault.Denied, "an exchange cannot move to another address").
			Because("exchange-moved").WithHint("add the new address as another exchange")
	}
	if !was.MasterPub.IsZero() && was.MasterPub != is.MasterPub && !slices.Equal(append(slices.Clone(was.Former), was.MasterPub), is.Former) {
		return masterKeyChanged(was.MasterPub, is.MasterPub)
	}
	return nil
}

// checkExchangeURL is the rule of a new exchange's address. One that is known keeps its own, so a
// stricter rule keeps nobody from their money.
func checkExchangeURL(text string) error {
	u, err := taler.CheckURL(text, true) // whether http is allowed is the controller's business
	if err != nil {
		return err
	}
	if u.Path == "" || u.Path[len(u.Path)-1] != '/' {
		return fault.New(fault.Invalid, "the base URL of an exchange ends with a slash").Because(taler.ReasonAddressRefused)
	}
	return nil
}

func masterKeyChanged(trusted, shown taler.EddsaPublicKey) error {
	return fault.New(fault.Denied, "the exchange shows the master key %s, and the one that is trusted is %s", shown, trusted).
		Because("master-key-changed").WithHint("do not use it before its operator or auditor has explained the change; then `wallet exchange trust` takes the new key")
}
