package taler

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Each method sends the request that the table and the documentation say.
func TestRequestsOnTheWire(t *testing.T) {
	id := someWOPID(t)
	for name, row := range map[string]struct {
		status       int
		answer, line string
		body         string
		do           func(context.Context, *Client) error
	}{
		"terminal config": {
			200, `{"name":"taler-terminal","version":"0:0:0","provider_name":"S","currency":"CHF","withdrawal_fees":"CHF:0","wire_type":"card"}`,
			"GET /base/config", "", func(ctx context.Context, c *Client) error {
				cfg, err := c.TerminalConfig(ctx)
				return expect(err, cfg.ProviderName == "S")
			},
		},
		"setup": {
			200, `{"withdrawal_id":"` + strings.ToLower(someID) + `"}`,
			"POST /base/withdrawals", `{"request_uid":"u","amount":"CHF:20"}`, func(ctx context.Context, c *Client) error {
				out, err := c.SetUp(ctx, TerminalWithdrawalSetup{RequestUID: "u", Amount: mustAmount(t, "CHF:20")})
				return expect(err, out.WithdrawalID == id)
			},
		},
		"terminal status": {
			200, pendingBody,
			"GET /base/withdrawals/" + someID, "", func(ctx context.Context, c *Client) error {
				out, err := c.TerminalStatus(ctx, id, LongPoll{})
				return expect(err, out.Status == StatePending)
			},
		},
		"terminal status, waiting": {
			200, pendingBody,
			"GET /base/withdrawals/" + someID + "?long_poll_ms=2000&old_state=pending&timeout_ms=2000", "", func(ctx context.Context, c *Client) error {
				_, err := c.TerminalStatus(ctx, id, LongPoll{2 * time.Second, StatePending})
				return err
			},
		},
		"check": {
			204, "",
			"POST /base/withdrawals/" + someID + "/check", `{"provider_transaction_id":"4711"}`, func(ctx context.Context, c *Client) error {
				return c.Check(ctx, id, TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "4711"})
			},
		},
		"abort": {
			204, "",
			"DELETE /base/withdrawals/" + someID, "", func(ctx context.Context, c *Client) error { return c.Abort(ctx, id) },
		},
		"integration config": {
			200, `{"name":"taler-bank-integration","version":"1:0:1","currency":"KUDOS"}`,
			"GET /base/config", "", func(ctx context.Context, c *Client) error {
				cfg, err := c.IntegrationConfig(ctx)
				return expect(err, cfg.Currency == "KUDOS")
			},
		},
		"operation": {
			200, pendingBody,
			"GET /base/withdrawal-operation/" + someID + "?long_poll_ms=1&old_state=selected&timeout_ms=1", "", func(ctx context.Context, c *Client) error {
				_, err := c.Operation(ctx, id, LongPoll{time.Millisecond, StateSelected})
				return err
			},
		},
		"select": {
			201, `{"status":"selected","transfer_done":false}`,
			"POST /base/withdrawal-operation/" + someID, `{"reserve_pub":"` + someKey + `","selected_exchange":"` + string(somePayto) + `"}`,
			func(ctx context.Context, c *Client) error {
				out, err := c.Select(ctx, id, BankWithdrawalOperationPostRequest{ReservePub: mustKey(t, someKey), SelectedExchange: somePayto})
				return expect(err, out.Status == StateSelected)
			},
		},
		"wallet's abort": {
			204, "",
			"POST /base/withdrawal-operation/" + someID + "/abort", "", func(ctx context.Context, c *Client) error { return c.AbortOperation(ctx, id) },
		},
		"wire config": {
			200, `{"name":"taler-wire-gateway","version":"3:0:3","currency":"KUDOS"}`,
			"GET /base/config", "", func(ctx context.Context, c *Client) error {
				_, err := c.WireConfig(ctx)
				return err
			},
		},
		"history": {
			200, rowBody,
			"GET /base/history/incoming?delta=1016&long_poll_ms=60000&start=7", "", func(ctx context.Context, c *Client) error {
				h, err := c.Incoming(ctx, Page{Rows: 1016, Offset: 7, Timeout: time.Minute})
				return expect(err, len(h.IncomingTransactions) == 1 && h.IncomingTransactions[0].RowID == 8)
			},
		},
		"history without rows": {
			204, "",
			"GET /base/history/incoming?delta=5", "", func(ctx context.Context, c *Client) error {
				h, err := c.Incoming(ctx, Page{Rows: 5})
				return expect(err, len(h.IncomingTransactions) == 0)
			},
		},
		"history, newest first": {
			200, rowBody,
			"GET /base/history/incoming?delta=-10", "", func(ctx context.Context, c *Client) error {
				h, err := c.Incoming(ctx, Page{Descending: true, Rows: 10})
				return expect(err, len(h.IncomingTransactions) == 1)
			},
		},
		"outgoing history": {
			200, `{"debit_account":"payto://iban/CH9300762011623852957?receiver-name=E","outgoing_transactions":[{"row_id":8,"date":{"t_s":1},"amount":"CHF:1",
				"credit_account":"payto://wallee-transaction/7","wtid":"` + someKey + `","exchange_base_url":"https://e/"}]}`,
			"GET /base/history/outgoing?delta=5&start=7", "", func(ctx context.Context, c *Client) error {
				h, err := c.Outgoing(ctx, Page{Rows: 5, Offset: 7})
				return expect(err, len(h.OutgoingTransactions) == 1 && h.OutgoingTransactions[0].CreditAccount == "payto://wallee-transaction/7")
			},
		},
		"transfer": {
			200, `{"row_id":4,"timestamp":{"t_s":1795212306}}`,
			"POST /base/transfer", `{"request_uid":"` + zeros(103) + `","amount":"CHF:1","exchange_base_url":"https://e/","wtid":"` + zeros(52) + `","credit_account":"` + string(somePayto) + `","metadata":"a:b"}`,
			func(ctx context.Context, c *Client) error {
				out, err := c.Transfer(ctx, TransferRequest{Amount: mustAmount(t, "CHF:1"), ExchangeBaseURL: "https://e/", CreditAccount: somePayto, Metadata: "a:b"})
				return expect(err, out == TransferResponse{4, 1795212306})
			},
		},
		"transfers": {
			200, `{"debit_account":"` + string(somePayto) + `","transfers":[{"row_id":4,"status":"success","amount":"CHF:1","credit_account":"` + string(somePayto) + `","timestamp":{"t_s":1}}]}`,
			"GET /base/transfers?delta=-9&status=success", "", func(ctx context.Context, c *Client) error {
				out, err := c.Transfers(ctx, Page{Rows: 9, Descending: true}, TransferSuccess)
				return expect(err, len(out.Transfers) == 1 && out.Transfers[0].RowID == 4)
			},
		},
		"no transfers": {
			204, ``,
			"GET /base/transfers?delta=9", "", func(ctx context.Context, c *Client) error {
				out, err := c.Transfers(ctx, Page{Rows: 9}, "")
				return expect(err, len(out.Transfers) == 0)
			},
		},
		"a transfer's fate": {
			200, `{"status":"permanent_failure","status_msg":"no","amount":"CHF:1","exchange_base_url":"https://e/","wtid":"` + someKey + `","credit_account":"` + string(somePayto) + `","timestamp":{"t_s":1}}`,
			"GET /base/transfers/4", "", func(ctx context.Context, c *Client) error {
				out, err := c.TransferStatus(ctx, 4)
				return expect(err, out.Status == TransferPermanent && out.StatusMsg == "no")
			},
		},
		"account check": {
			200, `{}`,
			"GET /base/account/check?account=payto%3A%2F%2Fx-taler-bank%2Flocalhost%2Fexchange%3Freceiver-name%3Dexchange", "", func(ctx context.Context, c *Client) error {
				_, err := c.AccountCheck(ctx, somePayto)
				return err
			},
		},
		"add-incoming": {
			200, `{"row_id":4,"timestamp":{"t_s":1}}`,
			"POST /base/admin/add-incoming", `{"amount":"CHF:1","reserve_pub":"` + someKey + `","debit_account":"` + string(somePayto) + `"}`, func(ctx context.Context, c *Client) error {
				out, err := c.AddIncoming(ctx, AddIncomingRequest{mustAmount(t, "CHF:1"), mustKey(t, someKey), somePayto})
				return expect(err, out == AddIncomingResponse{4, 1})
			},
		},
		"add-kycauth": {
			200, `{"row_id":4,"timestamp":{"t_s":1}}`,
			"POST /base/admin/add-kycauth", `{"amount":"CHF:1","account_pub":"` + someKey + `","debit_account":"` + string(somePayto) + `"}`, func(ctx context.Context, c *Client) error {
				out, err := c.AddKYCAuth(ctx, AddKYCAuthRequest{mustAmount(t, "CHF:1"), mustKey(t, someKey), somePayto})
				return expect(err, out == AddIncomingResponse{4, 1})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, seen := newBank(t, Basic("till-1", "secret"), says(row.status, row.answer))
			if err := row.do(t.Context(), b.Client); err != nil {
				t.Fatal(err)
			}
			got := <-seen
			if got.line != row.line {
				t.Errorf("request %s", got.line)
			}
			if got.auth != "Basic dGlsbC0xOnNlY3JldA==" {
				t.Errorf("authorization %q", got.auth)
			}
			if row.body == "" && got.body != "" {
				t.Errorf("body %s", got.body)
			} else if row.body != "" {
				sameJSON(t, []byte(got.body), []byte(row.body))
			}
		})
	}
}

func expect(err error, ok bool) error {
	if err == nil && !ok {
		return errors.New("the answer was read as something else")
	}
	return err
}

// Every route of the table has a method here, so that server and client cannot
// drift apart.
func TestNoRouteIsWithoutAMethod(t *testing.T) {
	b, seen := newBank(t, Anonymous(), says(405, `{"code":20}`))
	ctx, id := t.Context(), someWOPID(t)
	_, _ = b.TerminalConfig(ctx)
	_, _ = b.SetUp(ctx, TerminalWithdrawalSetup{})
	_, _ = b.TerminalStatus(ctx, id, LongPoll{})
	_ = b.Check(ctx, id, TerminalWithdrawalConfirmationRequest{})
	_ = b.Abort(ctx, id) // asks twice, for 405 says that the first way is not offered
	_, _ = b.Quota(ctx, "me")
	_, _ = b.LockQuota(ctx, "me", WithdrawLimitLock{})
	_ = b.UnlockQuota(ctx, "me", "l")
	_, _ = b.IntegrationConfig(ctx)
	_, _ = b.Operation(ctx, id, LongPoll{})
	_, _ = b.Select(ctx, id, BankWithdrawalOperationPostRequest{})
	_ = b.AbortOperation(ctx, id)
	_, _ = b.WireConfig(ctx)
	_, _ = b.Incoming(ctx, Page{Rows: 1})
	_, _ = b.Outgoing(ctx, Page{Rows: 1})
	_, _ = b.Transfer(ctx, TransferRequest{})
	_, _ = b.Transfers(ctx, Page{Rows: 1}, "")
	_, _ = b.TransferStatus(ctx, 4)
	_, _ = b.AccountCheck(ctx, somePayto)
	_, _ = b.AddIncoming(ctx, AddIncomingRequest{})
	_, _ = b.AddKYCAuth(ctx, AddKYCAuthRequest{})
	asked := map[string]bool{}
	for len(seen) > 0 {
		line := (<-seen).line
		line, _, _ = strings.Cut(line, "?")
		asked[strings.NewReplacer(someID, "{wopid}", "/transfers/4", "/transfers/{row}", "/quotas/me", "/quotas/{user}", "/lock/l", "/lock/{lock}").Replace(line)] = true
	}
	for _, r := range Routes() {
		if !asked[r.Method+" /base"+r.Template] {
			t.Errorf("nobody asks %s %s", r.Method, r.Template)
		}
	}
}

// A notice that names another payment than the bank has is the one conflict without a code of its
// own: who has sent it must know it from all others.
func TestAnotherPaymentIsKnownFromOtherConflicts(t *testing.T) {
	for body, reason := range map[string]fault.Reason{
		`{"code":9999,"hint":"another"}`: ReasonPaymentDiffers, `{"code":5117}`: ReasonConfirmAbortConflict, `{"code":5148}`: ReasonAmountDiffers,
	} {
		b, _ := newBank(t, Anonymous(), says(409, body))
		if err := b.Check(t.Context(), someWOPID(t), TerminalWithdrawalConfirmationRequest{ProviderTransactionID: "1"}); fault.KindOf(err) != fault.Conflict || fault.ReasonOf(err) != reason {
			t.Errorf("%s: %v, %s", body, err, fault.ReasonOf(err))
		}
		if err := b.Abort(t.Context(), someWOPID(t)); fault.ReasonOf(err) == ReasonPaymentDiffers {
			t.Errorf("an abort: %v", err)
		}
	}
}
