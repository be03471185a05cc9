package card

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/crypto/masked"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/wallee"
	"github.com/swaperoo/swaperoo/protocol"
)

// walleeClient speaks to Wallee's web service in the name of an application user
// of one space.
type walleeClient struct {
	at          instrument.ID
	root        string // path of the base URL, without a slash at the end
	space, user int64
	Key         masked.Text // exported, so that no print shows it
}

func newWallee(at instrument.ID, p providerState) (client, error) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the provider's address is no URL").Because(reasonProviderMalformed)
	}
	key, err := keyBytes(p.Key)
	switch {
	case p.Space <= 0 || p.User <= 0:
		return nil, fault.New(fault.Invalid, "wallee is asked by an application user of a space: both are numbers").Because(reasonProviderMalformed)
	case err != nil || len(key) == 0:
		return nil, fault.New(fault.Invalid, "the key of wallee's application user is base64").Because(reasonProviderMalformed)
	}
	clear(key)
	return walleeClient{at: at, root: strings.TrimSuffix(u.EscapedPath(), "/"), space: p.Space, user: p.User, Key: p.Key}, nil
}

// call sends one request with its MAC. The body is left out if there is nothing
// to say.
func (x walleeClient) call(ctx context.Context, s protocol.Session, method, path string, body any) (protocol.Response, error) {
	key, err := keyBytes(x.Key)
	if err != nil {
		return protocol.Response{}, err
	}
	defer clear(key)
	r := protocol.Request{
		Address: x.at, Method: method, Path: path,
		Header: wallee.Sign(key, x.user, s.Now(), method, x.root+"/"+path),
	}
	if body != nil {
		if r.Body, err = json.Marshal(body); err != nil {
			return protocol.Response{}, fault.Wrap(err, fault.Internal, "a request to wallee cannot be written as JSON")
		}
		r.Header["Content-Type"] = "application/json"
	}
	if page, yes := body.(wallee.EntityQuery); yes {
		r.Limit = int64(page.NumberOfEntities) * maxAnswer
	}
	answer, err := fetch(ctx, s, r)
	if err == nil && (answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden) {
		err = fault.New(fault.Denied, "wallee does not know who asks").Because("provider-credentials").
			WithHint("compare space, application user and key with what it shows; is this machine's clock right?")
	}
	return answer, err
}

// in is a call's path for this space.
func (x walleeClient) in(path string) string {
	return path + "?spaceId=" + strconv.FormatInt(x.space, 10)
}

func (x walleeClient) named(path string, id int64) string {
	return x.in(path) + "&id=" + strconv.FormatInt(id, 10)
}

func (x walleeClient) check(ctx context.Context, s protocol.Session) error {
	_, err := x.page(ctx, s, nobody, 0)
	if fault.ReasonOf(err) == reasonUnknownTransaction {
		return misread()
	}
	return err
}

// find asks for a transaction by its number. One that is not known, or not
// shown yet, is an answer without a body; whether it may also be a null, or one that
// wallee calls the client's error, is not written anywhere. Both are read as unknown,
// too: who asks then looks for the reference, and nothing is confirmed by it.
func (x walleeClient) find(ctx context.Context, s protocol.Session, transaction string) (protocol.Facts, error) {
	id, err := number(transaction)
	if err != nil {
		return protocol.Facts{}, err
	}
	answer, err := x.call(ctx, s, http.MethodGet, x.named(wallee.PathRead, id), nil)
	if err != nil {
		return protocol.Facts{}, err
	}
	if answer.Status == wallee.StatusClientError || answer.Status == http.StatusOK && string(bytes.TrimSpace(answer.Body)) == "null" {
		return protocol.Facts{}, unknownTransaction()
	}
	if err := said(answer); err != nil {
		return protocol.Facts{}, err
	}
	return askedFor(transaction)(readTransaction(answer.Body))
}

// number reads wallee's own name of a transaction in its one spelling: another
// spelling would be another payment to the bank and the same one there.
func number(transaction string) (int64, error) {
	id, err := strconv.ParseInt(transaction, 10, 64)
	if err != nil || id <= 0 || strconv.FormatInt(id, 10) != transaction {
		return 0, unknownTransaction()
	}
	return id, nil
}

const (
	pageOfPayments = 20
	maxPages       = 10
)

func (x walleeClient) search(ctx context.Context, s protocol.Session, reference string) (found protocol.Found, err error) {
	for n := range maxPages {
		page, err := x.page(ctx, s, reference, n*pageOfPayments)
		if err != nil {
			return protocol.Found{}, err
		}
		found.Payments = append(found.Payments, page...)
		if len(page) < pageOfPayments {
			return found, nil
		}
	}
	found.More = true
	return found, nil
}

func (x walleeClient) page(ctx context.Context, s protocol.Session, reference string, from int) ([]protocol.Facts, error) {
	answer, err := x.call(ctx, s, http.MethodPost, x.in(wallee.PathSearch), wallee.ByReference(reference, from, pageOfPayments))
	if err != nil {
		return nil, err
	}
	if err := said(answer); err != nil {
		return nil, err
	}
	return readTransactions(answer.Body, reference)
}

func (x walleeClient) refund(ctx context.Context, s protocol.Session, r repayment) (protocol.Repaid, error) {
	id, err := number(r.Transaction)
	if err != nil {
		return protocol.Repaid{}, err
	}
	answer, err := x.call(ctx, s, http.MethodPost, x.in(wallee.PathRefund), wallee.RefundCreate{
		ExternalID: wallee.ExternalID(r.ExternalID), Type: wallee.MerchantInitiatedOnline, Transaction: id, Amount: wallee.Number(r.Amount),
	})
	if err != nil {
		return protocol.Repaid{}, err
	}
	switch answer.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, wallee.StatusClientError:
		return protocol.Repaid{}, notRefunded(answer.Status)
	}
	got, entity, err := x.refunded(answer, r)
	if err != nil || got.State != protocol.FactPending {
		return got, err
	}
	// The answer to a repetition may be that of the first time; where it stands now
	// is read. Until it can be, it is made and not final.
	answer, err = x.call(ctx, s, http.MethodGet, x.named(wallee.PathRefundRead, entity), nil)
	switch {
	case fault.KindOf(err) == fault.Suspended:
		return protocol.Repaid{}, err
	case err != nil:
		return got, nil
	}
	got, _, err = x.refunded(answer, r)
	return got, err
}

// refunded reads a refund, which is the one that was ordered.
func (x walleeClient) refunded(answer protocol.Response, r repayment) (protocol.Repaid, int64, error) {
	if err := said(answer); err != nil {
		return protocol.Repaid{}, 0, err
	}
	of, err := number(r.Transaction)
	if err != nil {
		return protocol.Repaid{}, 0, err
	}
	entity, got, err := readWalleeRefund(answer.Body, of, r.Amount.Currency)
	if err != nil {
		return protocol.Repaid{}, 0, err
	}
	if got.ExternalID == wallee.ExternalID(r.ExternalID) {
		got.ExternalID = r.ExternalID
	}
	got, err = r.repaid(got)
	return got, entity, err
}

// said refuses an answer without content. What is no 200 says nothing: 409 is a
// conflict of wallee's own, to be repeated like any fault of its servers.
func said(answer protocol.Response) error {
	switch {
	case answer.Status == http.StatusNotFound, answer.Status == http.StatusOK && len(bytes.TrimSpace(answer.Body)) == 0:
		return unknownTransaction()
	case answer.Status != http.StatusOK:
		return unusable(answer.Status)
	}
	return nil
}
