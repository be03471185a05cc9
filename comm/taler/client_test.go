package taler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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

// TestRefusalsBecomeFaults: what a server says of itself is no outcome of a request.
// Rows: servers that break.
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
		"broken, asking":             {500, `{"code":60}`, asking, fault.Unavailable, ReasonServerFailed},
		"broken, changing":           {500, `{"code":60}`, selecting, fault.Unknown, ReasonServerFailed},
		"slow, changing":             {408, `<html>`, selecting, fault.Unknown, ReasonServerFailed},
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
			_, err := b.IntegrationConfig(t.Context())
			if f := fault.From(err); f.Kind != fault.Unsupported || f.Reason != row.reason || f.Hint == "" {
				t.Errorf("%+v", f)
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
		client, err := NewClient("https://bank.example/", nil, auth)
		if err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "client", client)
		printed := log.String() + fmt.Sprintf("%v %+v %#v", client, *client, *client) + auth.String() + fmt.Sprintf("%v %+v %#v %s %q %x", auth, auth, auth, auth, auth, auth)
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, "dGls") || strings.Contains(printed, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("printed %s", printed)
		}
	}
}
