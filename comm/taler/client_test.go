package taler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// bank serves what a test says and remembers the requests in a channel.
type bank struct {
	*Client
	server *httptest.Server
}

type seenRequest struct{ line, auth, referer, body string }

func newBank(t *testing.T, auth Authorization, answer http.HandlerFunc) (bank, chan seenRequest) {
	t.Helper()
	seen := make(chan seenRequest, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- seenRequest{r.Method + " " + r.URL.RequestURI(), r.Header.Get("Authorization"), r.Header.Get("Referer"), string(body)}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	client, err := NewClient(server.URL+"/base", nil, auth)
	if err != nil {
		t.Fatal(err)
	}
	return bank{client, server}, seen
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const (
	pendingBody = `{"status":"pending","amount":"CHF:20","wire_types":["iban"]}`
	rowBody     = `{"credit_account":"payto://x-taler-bank/localhost/exchange?receiver-name=exchange","incoming_transactions":[{"type":"RESERVE","row_id":8,
		"date":{"t_s":1795212155},"amount":"KUDOS:25","debit_account":"payto://x-taler-bank/localhost/alice?receiver-name=alice","reserve_pub":"` + someKey + `"}]}`
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

func TestRefusalsBecomeFaults(t *testing.T) {
	selecting := func(ctx context.Context, c *Client) error {
		_, err := c.Select(ctx, someWOPID(t), BankWithdrawalOperationPostRequest{})
		return err
	}
	asking := func(ctx context.Context, c *Client) error {
		_, err := c.Operation(ctx, someWOPID(t), LongPoll{})
		return err
	}
	for name, row := range map[string]struct {
		status int
		body   string
		do     func(context.Context, *Client) error
		kind   fault.Kind
		reason fault.Reason
	}{
		"taken":                      {409, `{"code":5113}`, selecting, fault.Conflict, ReasonSelectionConflict},
		"unknown operation":          {404, `{"code":5107}`, asking, fault.NotFound, ReasonUnknownOperation},
		"no rights":                  {401, `{"code":40}`, asking, fault.Denied, ReasonUnauthorized},
		"busy":                       {503, ``, selecting, fault.Unavailable, ReasonServerFailed},
		"proxy, asking":              {504, `<html>`, asking, fault.Unavailable, ReasonServerFailed},
		"proxy, changing":            {504, `<html>`, selecting, fault.Unknown, ReasonServerFailed},
		"a page, asking":             {200, `<!DOCTYPE html><title>Log in</title>`, asking, fault.Unsupported, ReasonAnswerMalformed},
		"a page, changing":           {200, `<html>`, selecting, fault.Unknown, ReasonAnswerMalformed},
		"another document":           {200, `{"status":"pending"}`, asking, fault.Unsupported, ReasonAnswerMalformed},
		"an empty answer":            {200, ``, asking, fault.Unsupported, ReasonAnswerMalformed},
		"no content":                 {204, ``, asking, fault.Unsupported, ReasonAnswerMalformed},
		"no content for a selection": {204, ``, selecting, fault.Unknown, ReasonAnswerMalformed},
		"too much":                   {200, strings.Repeat(" ", maxAnswer) + pendingBody, asking, fault.Unsupported, ReasonAnswerTooLarge},
		"too much of an error":       {400, strings.Repeat(" ", maxAnswer+1), asking, fault.Unsupported, ReasonAnswerTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newBank(t, Anonymous(), says(row.status, row.body))
			err := row.do(t.Context(), b.Client)
			if fault.KindOf(err) != row.kind || fault.ReasonOf(err) != row.reason {
				t.Errorf("%v, %q: %v", fault.KindOf(err), fault.ReasonOf(err), err)
			}
			if strings.Contains(fmt.Sprint(err), someID[8:]) {
				t.Errorf("the error tells the id: %v", err)
			}
		})
	}
	exactly, _ := newBank(t, Anonymous(), says(200, strings.Repeat(" ", maxAnswer-len(pendingBody))+pendingBody))
	if err := asking(t.Context(), exactly.Client); err != nil {
		t.Errorf("exactly 1 MiB: %v", err)
	}
}

func TestConfigOfSomethingElseIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		body   string
		reason fault.Reason
	}{
		"another API":    {`{"name":"taler-exchange","version":"5:0:5","currency":"CHF"}`, ReasonAnswerMalformed},
		"another age":    {`{"name":"taler-bank-integration","version":"9:0:1","currency":"CHF"}`, ReasonVersionIncompatible},
		"no version":     {`{"name":"taler-bank-integration","version":"five","currency":"CHF"}`, ReasonAnswerMalformed},
		"nothing at all": {`{}`, ReasonAnswerMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newBank(t, Anonymous(), says(200, row.body))
			if _, err := b.IntegrationConfig(t.Context()); fault.KindOf(err) != fault.Unsupported || fault.ReasonOf(err) != row.reason {
				t.Errorf("%v, %q", err, fault.ReasonOf(err))
			}
		})
	}
}

func TestAbortTakesTheOtherWay(t *testing.T) {
	b, seen := newBank(t, Anonymous(), func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			says(405, `{"code":20}`)(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if err := b.Abort(t.Context(), someWOPID(t)); err != nil {
		t.Fatal(err)
	}
	<-seen
	if second := <-seen; second.line != "POST /base/withdrawals/"+someID+"/abort" {
		t.Errorf("second request %s", second.line)
	}
}

func TestBasesThatNoClientTakes(t *testing.T) {
	for _, base := range []string{"", "bank.example", "ftp://bank.example/", "https://u:p@bank.example/", "https://bank.example/?x"} {
		if c, err := NewClient(base, nil, Anonymous()); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, %v", base, c, err)
		}
	}
}

func TestCredentialsDoNotPrint(t *testing.T) {
	for _, auth := range []Authorization{Basic("till", "hunter2"), Basic("till", "x hunter2")} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "auth", auth)
		text, err := json.Marshal(auth)
		if err != nil {
			t.Fatal(err)
		}
		printed := log.String() + string(text) + auth.String() + fmt.Sprintf("%v %+v %#v %s %q %x", auth, auth, auth, auth, auth, auth)
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, "dGls") || strings.Contains(printed, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("printed %s", printed)
		}
	}
}
