package taler

import (
	"context"
	"net/url"
	"strconv"
)

// WireConfig asks the Wire Gateway API what it is and refuses another API or a
// version that has nothing in common with ours.
func (c *Client) WireConfig(ctx context.Context) (cfg WireConfig, err error) {
	if err := c.document(ctx, call{route: RouteWireConfig, out: &cfg}); err != nil {
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
	return h, Unmarshal(body, &h)
}

// Transfer asks the bank to wire. The same request may be repeated; it gets the
// same answer.
func (c *Client) Transfer(ctx context.Context, r TransferRequest) (out TransferResponse, err error) {
	return out, c.document(ctx, call{route: RouteTransfer, in: r, out: &out})
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
func (c *Client) TransferStatus(ctx context.Context, row uint64) (out TransferStatus, err error) {
	return out, c.document(ctx, call{route: RouteTransferStatus, vars: Vars{"row": strconv.FormatUint(row, 10)}, out: &out})
}

// AccountCheck asks whether an account can be wired to; fault.NotFound if not.
func (c *Client) AccountCheck(ctx context.Context, account Payto) (out AccountInfo, err error) {
	return out, c.document(ctx, call{route: RouteAccountCheck, query: url.Values{"account": {string(account)}}, out: &out})
}

// AddIncoming credits the exchange, where a bank permits that for tests.
func (c *Client) AddIncoming(ctx context.Context, r AddIncomingRequest) (out AddIncomingResponse, err error) {
	return out, c.document(ctx, call{route: RouteAddIncoming, in: r, out: &out})
}

// AddKYCAuth proves who owns an account, where a bank permits that for tests.
func (c *Client) AddKYCAuth(ctx context.Context, r AddKYCAuthRequest) (out AddIncomingResponse, err error) {
	return out, c.document(ctx, call{route: RouteAddKYCAuth, in: r, out: &out})
}
