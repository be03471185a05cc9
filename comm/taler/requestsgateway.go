package taler

import (
	"context"
	"net/url"
	"strconv"
)

// WireConfig asks the Wire Gateway API what it is and refuses another API or a
// version that has nothing in common with ours.
func (c *Client) WireConfig(ctx context.Context) (WireConfig, error) {
	cfg, err := document[WireConfig](ctx, c, call{route: RouteWireConfig})
	if err != nil {
		return WireConfig{}, err
	}
	return cfg, c.speaks(cfg.Name, WireGatewayName, cfg.Version, WireGatewayVersion)
}

// Incoming asks for a page of the incoming history, with the parameters that
// taler-exchange-wirewatch sends, and reads an ascending page as strictly as it
// does (ReadIncoming). No rows is not an error.
func (c *Client) Incoming(ctx context.Context, page Page) (IncomingHistory, error) {
	return readHistory(ctx, c, RouteIncoming, page, ReadIncoming)
}

// Outgoing is Incoming for the outgoing history (ReadOutgoing).
func (c *Client) Outgoing(ctx context.Context, page Page) (OutgoingHistory, error) {
	return readHistory(ctx, c, RouteOutgoing, page, ReadOutgoing)
}

func readHistory[H any](ctx context.Context, c *Client, route RouteName, page Page, strictly func([]byte, uint64) (H, error)) (H, error) {
	var h H
	var body []byte
	found, err := c.do(ctx, call{route: route, query: page.query(), wait: page.Timeout, raw: &body})
	if err != nil || !found {
		return h, err
	}
	if !page.Descending {
		return strictly(body, page.Offset)
	}
	err = Unmarshal(body, &h)
	return h, err
}

// Transfer asks the bank to wire. The same request may be repeated; it gets the
// same answer.
func (c *Client) Transfer(ctx context.Context, r TransferRequest) (TransferResponse, error) {
	return document[TransferResponse](ctx, c, call{route: RouteTransfer, in: r})
}

// Transfers asks for a page of what was wired, of one state unless it is empty.
// No rows is not an error.
func (c *Client) Transfers(ctx context.Context, page Page, state TransferState) (out TransferList, err error) {
	query := page.query()
	if state != "" {
		query.Set("status", string(state))
	}
	_, err = c.do(ctx, call{route: RouteTransfers, query: query, out: &out})
	return out, err
}

// TransferStatus asks what became of one transfer.
func (c *Client) TransferStatus(ctx context.Context, row uint64) (TransferStatus, error) {
	return document[TransferStatus](ctx, c, call{route: RouteTransferStatus, vars: Vars{"row": strconv.FormatUint(row, 10)}})
}

// AccountCheck asks whether an account can be wired to; fault.NotFound if not.
func (c *Client) AccountCheck(ctx context.Context, account Payto) (AccountInfo, error) {
	return document[AccountInfo](ctx, c, call{route: RouteAccountCheck, query: url.Values{"account": {string(account)}}})
}

// AddIncoming credits the exchange, where a bank permits that for tests.
func (c *Client) AddIncoming(ctx context.Context, r AddIncomingRequest) (AddIncomingResponse, error) {
	return document[AddIncomingResponse](ctx, c, call{route: RouteAddIncoming, in: r})
}

// AddKYCAuth proves who owns an account, where a bank permits that for tests.
func (c *Client) AddKYCAuth(ctx context.Context, r AddKYCAuthRequest) (AddIncomingResponse, error) {
	return document[AddIncomingResponse](ctx, c, call{route: RouteAddKYCAuth, in: r})
}
