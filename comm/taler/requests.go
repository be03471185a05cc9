package taler

import (
	"context"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// TerminalConfig asks the Terminal API what it is and refuses another API or a
// version that has nothing in common with ours.
func (c *Client) TerminalConfig(ctx context.Context) (TerminalConfig, error) {
	cfg, err := document[TerminalConfig](ctx, c, call{route: RouteTerminalConfig})
	if err != nil {
		return TerminalConfig{}, err
	}
	return cfg, c.speaks(cfg.Name, TerminalName, cfg.Version, TerminalVersion)
}

// Quota asks what a user may withdraw; fault.NotFound where there are no quotas.
func (c *Client) Quota(ctx context.Context, user string) (WithdrawLimit, error) {
	return document[WithdrawLimit](ctx, c, call{route: RouteQuota, vars: Vars{"user": user}})
}

// LockQuota reserves a part of what a user may withdraw and says what is left.
func (c *Client) LockQuota(ctx context.Context, user string, r WithdrawLimitLock) (WithdrawLimit, error) {
	return document[WithdrawLimit](ctx, c, call{route: RouteQuotaLock, vars: Vars{"user": user}, in: r})
}

// UnlockQuota gives a reserved part back.
func (c *Client) UnlockQuota(ctx context.Context, user, lock string) error {
	_, err := c.do(ctx, call{route: RouteQuotaUnlock, vars: Vars{"user": user, "lock": lock}})
	return err
}

// SetUp makes a new operation. The same RequestUID and content again gives the
// same operation.
func (c *Client) SetUp(ctx context.Context, r TerminalWithdrawalSetup) (TerminalWithdrawalSetupResponse, error) {
	return document[TerminalWithdrawalSetupResponse](ctx, c, call{route: RouteSetUp, in: r})
}

// TerminalStatus asks where an operation stands, waiting as poll says.
func (c *Client) TerminalStatus(ctx context.Context, id WOPID, poll LongPoll) (BankWithdrawalOperationStatus, error) {
	return document[BankWithdrawalOperationStatus](ctx, c, call{route: RouteTerminalStatus, vars: of(id), query: poll.query(), wait: poll.Timeout})
}

// Check tells the bank that the payment was made. It may be repeated. The one conflict that has
// no code of its own is another payment than the bank has: ReasonPaymentDiffers.
func (c *Client) Check(ctx context.Context, id WOPID, r TerminalWithdrawalConfirmationRequest) error {
	_, err := c.do(ctx, call{route: RouteCheck, vars: of(id), in: r})
	if f := fault.From(err); f != nil && f.Kind == fault.Conflict && f.Reason == ReasonServerRefused {
		err = fault.Wrap(err, f.Kind, "%s", f.Message).Because(ReasonPaymentDiffers).WithHint("%s", f.Hint)
	}
	return err
}

// Abort gives an operation up as the terminal that set it up. Servers offer one
// of two ways; where the first is not known the second is taken.
func (c *Client) Abort(ctx context.Context, id Named) error {
	_, err := c.do(ctx, call{route: RouteTerminalDelete, vars: of(id)})
	switch fault.ReasonOf(err) {
	case ReasonMethodInvalid, ReasonEndpointUnknown:
		_, err = c.do(ctx, call{route: RouteTerminalAbort, vars: of(id)})
	}
	return err
}

// IntegrationConfig asks the Bank Integration API what it is and refuses another
// API or a version that has nothing in common with ours.
func (c *Client) IntegrationConfig(ctx context.Context) (IntegrationConfig, error) {
	cfg, err := document[IntegrationConfig](ctx, c, call{route: RouteIntegrationConfig})
	if err != nil {
		return IntegrationConfig{}, err
	}
	return cfg, c.speaks(cfg.Name, IntegrationName, cfg.Version, IntegrationVersion)
}

// Named is what names a withdrawal: the bank's WOPID or a wallet's WithdrawalID.
type Named interface{ Text() string }

// Operation asks where an operation stands, as a wallet, waiting as poll says.
func (c *Client) Operation(ctx context.Context, id Named, poll LongPoll) (BankWithdrawalOperationStatus, error) {
	return document[BankWithdrawalOperationStatus](ctx, c, call{route: RouteOperation, vars: of(id), query: poll.query(), wait: poll.Timeout})
}

// Select names the wallet's reserve. The same selection may be repeated; another
// one is fault.Conflict with ReasonSelectionConflict.
func (c *Client) Select(ctx context.Context, id Named, r BankWithdrawalOperationPostRequest) (BankWithdrawalOperationPostResponse, error) {
	return document[BankWithdrawalOperationPostResponse](ctx, c, call{route: RouteSelect, vars: of(id), in: r})
}

// AbortOperation gives an operation up as a wallet.
func (c *Client) AbortOperation(ctx context.Context, id Named) error {
	_, err := c.do(ctx, call{route: RouteOperationAbort, vars: of(id)})
	return err
}

// document is do for routes that always answer with a document, which is a T.
func document[T any](ctx context.Context, c *Client, k call) (out T, err error) {
	k.out = &out
	found, err := c.do(ctx, k)
	if err == nil && !found {
		route, _ := RouteOf(k.route)
		err = c.unreadable(route, nil, "is empty", ReasonAnswerMalformed)
	}
	return out, err
}

// speaks refuses a /config of something else.
func (c *Client) speaks(name, want string, theirs, ours Version) error {
	if name != want {
		return fault.New(fault.Unsupported, "%s is %q, not %s", c.host(), printable(clip(name)), want).Because(ReasonAnswerMalformed).
			WithHint("check the address: each API of a bank has one of its own")
	}
	if !Compatible(ours, theirs) {
		return fault.New(fault.Unsupported, "%s speaks version %s of %s, which has nothing in common with %s here", c.host(), theirs, want, ours).
			Because(ReasonVersionIncompatible).WithHint("one of the two needs a newer version of its software")
	}
	return nil
}

func of(id Named) Vars { return Vars{"wopid": id.Text()} }
