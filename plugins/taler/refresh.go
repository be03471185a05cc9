package taler

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/protocol"
)

const (
	maxKeys     = 32 << 20
	maxKnown    = 3 << 20         // of what is kept of them
	usualExpiry = time.Hour       // of /keys, where the exchange says nothing
	leastExpiry = 2 * time.Minute // whatever it says
	mostExpiry  = 7 * 24 * time.Hour
)

// RefreshResult is what REFRESH has learnt.
type RefreshResult struct {
	URL           string               `json:"url"`
	Currency      string               `json:"currency"`
	Version       string               `json:"version"`
	MasterPub     taler.EddsaPublicKey `json:"master_pub"`
	Denominations int                  `json:"denominations"`
	Foreign       int                  `json:"foreign"` // listed, and of which no coins can be made here
}

// refresh reads what the exchange says of itself, verifies it and keeps what is needed. It
// keeps nothing of a document that does not verify as a whole. A document that has not
// changed is not sent again; it was verified before. Of a document under another master key
// it keeps only that key, as an alarm.
func refresh(ctx context.Context, s protocol.Session, c protocol.Call) (protocol.Result, error) {
	var args taler.RefreshArgs
	if len(c.Args) > 0 {
		if err := c.Arguments(&args); err != nil {
			return protocol.Result{}, err
		}
	}
	_, before, err := look[taler.ExchangeState](ctx, s, c.Main())
	if err != nil {
		return protocol.Result{}, err
	}
	config, err := fetchConfig(ctx, s, c, before.URL)
	if err != nil {
		return protocol.Result{}, err
	}
	known, err := fetchKeys(ctx, s, c, before, config, args.MasterPub)
	if err != nil {
		return protocol.Result{}, err
	}
	var refusal error
	e, err := change(ctx, s, c.Main(), func(_ string, e *taler.ExchangeState) (verdict, error) {
		if refusal = stranger(*e, known, args.MasterPub); refusal == nil {
			return learn(e, known)
		}
		if e.MasterPub.IsZero() || e.MasterPub == known.MasterPub {
			return stay, nil
		}
		e.Shown = known.MasterPub
		return become(taler.ExchangeAlarm), nil
	})
	if err == nil {
		err = refusal
	}
	if err != nil {
		return protocol.Result{}, err
	}
	return protocol.ResultOf(RefreshResult{e.URL, e.Currency, e.Version, e.MasterPub, len(e.Denominations), e.Foreign})
}

// fetchKeys asks the exchange for its keys, and returns its state with them. If they have not
// changed, that is the state as it was.
func fetchKeys(ctx context.Context, s protocol.Session, c protocol.Call, before taler.ExchangeState, config taler.ExchangeConfig, said taler.EddsaPublicKey) (taler.ExchangeState, error) {
	ask := protocol.Request{Address: c.Main(), Method: http.MethodGet, Path: "keys", Timeout: time.Minute, Limit: maxKeys, Repeat: true}
	trusted := before.Shown.IsZero() && said.IsZero() // what was verified is still to be had
	if trusted && before.KeysTag != "" && before.Version == config.Version.String() && signing(before, s.Now()) {
		ask.Header = map[string]string{"If-None-Match": before.KeysTag} // bare: with quotes the exchange does not know it
	}
	answer, err := document(ctx, s, ask)
	if err != nil {
		return taler.ExchangeState{}, err
	}
	known := before
	switch {
	case answer.Status == http.StatusNotModified && ask.Header != nil:
	case answer.Status != http.StatusOK:
		return taler.ExchangeState{}, cmp.Or(moved(before.URL, ask.Path, answer), unread("its keys", answer))
	default:
		if known, err = readKeys(answer, before.URL, config, s.Now()); err != nil {
			return taler.ExchangeState{}, err
		}
	}
	known.KeysAt, known.KeysExpire = s.Now().Unix(), expiry(answer, s.Now()).Unix()
	return known, nil
}

// readKeys verifies a document as it came from an exchange that is known by this base URL.
func readKeys(answer protocol.Response, base string, config taler.ExchangeConfig, now time.Time) (taler.ExchangeState, error) {
	var keys taler.Keys
	if err := taler.Unmarshal(answer.Body, &keys); err != nil {
		return taler.ExchangeState{}, illFormed("what the exchange shows as its keys", err)
	}
	if keys.Currency != config.Currency {
		return taler.ExchangeState{}, fault.New(fault.Invalid, "the exchange's documents name two currencies, %.12q in its config and %.12q in its keys", config.Currency, keys.Currency).
			Because(taler.ReasonCurrencyMismatch).WithHint(tellOperator)
	}
	known, err := verified(keys, now)
	if err == nil {
		err = keepable(known)
	}
	known.KeysTag, known.OwnURL = tagOf(answer), elsewhere(base, keys.BaseURL)
	return known, err
}

// elsewhere is the address that an exchange names as its own, if it is another one than that by which it
// is known here, and one at all.
func elsewhere(known, own string) string {
	if _, err := taler.CheckURL(own, true); err != nil || len(own) > maxPlace || taler.ExchangeBase(own) == taler.ExchangeBase(known) {
		return ""
	}
	return taler.ExchangeBase(own)
}

// keepable refuses keys that are too large for one frame to the host. They would stop the
// operation, and keep the instrument locked.
func keepable(known taler.ExchangeState) error {
	text, err := json.Marshal(known)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "what is known of an exchange cannot be written as JSON")
	}
	if len(text) <= maxKnown {
		return nil
	}
	return fault.New(fault.Unsupported, "what a wallet would have to keep of this exchange has %d bytes: %d denominations and %d accounts; %d bytes are kept at most",
		len(text), len(known.Denominations), len(known.Accounts), maxKnown).Because(reasonTooBig).WithHint(tellOperator)
}

// tagOf is the ETag of a document, if it is one that can be sent back.
func tagOf(answer protocol.Response) string {
	tag := header(answer, "ETag")
	if len(tag) > maxVersion {
		return ""
	}
	return tag
}

// signing reports whether one of the signing keys that were verified before is still valid. If
// not, the document is verified again even if it has not changed.
func signing(e taler.ExchangeState, now time.Time) bool {
	return slices.ContainsFunc(e.SignKeys, func(k taler.SignKey) bool { return signsAt(k, timestamp(now)) })
}

// stranger refuses a document under another master key than the one that the person names
// now, or has trusted so far.
func stranger(e, known taler.ExchangeState, said taler.EddsaPublicKey) error {
	switch {
	case !said.IsZero() && said != known.MasterPub:
		return fault.New(fault.Denied, "the exchange shows the master key %s, not %s", known.MasterPub, said).
			Because("master-key-differs").WithHint("compare the key with what the exchange's operator or auditor says")
	case said.IsZero() && !e.MasterPub.IsZero() && e.MasterPub != known.MasterPub:
		return masterKeyChanged(e.MasterPub, known.MasterPub)
	}
	return nil
}

// learn is the pure rule of new keys that stranger has not refused: an exchange keeps its
// currency, and under another master key nobody has accepted its terms yet.
func learn(e *taler.ExchangeState, known taler.ExchangeState) (verdict, error) {
	if e.Currency != "" && e.Currency != known.Currency {
		return stay, fault.New(fault.Denied, "the exchange deals in %s now, and dealt in %s", known.Currency, e.Currency).Because(taler.ReasonCurrencyMismatch)
	}
	known.URL, known.Terms, known.Former, known.Shown = e.URL, e.Terms, e.Former, taler.EddsaPublicKey{}
	if !e.MasterPub.IsZero() && e.MasterPub != known.MasterPub {
		known.Terms, known.Former = taler.ExchangeTerms{}, append(slices.Clone(e.Former), e.MasterPub)
	}
	*e = known
	return become(taler.ExchangeActive), nil
}

// fetchConfig asks the exchange what it is and refuses what this wallet cannot
// deal with.
func fetchConfig(ctx context.Context, s protocol.Session, c protocol.Call, base string) (taler.ExchangeConfig, error) {
	answer, err := askConfig(ctx, s, c, base)
	if err != nil {
		return taler.ExchangeConfig{}, err
	}
	if answer.Status != http.StatusOK {
		return taler.ExchangeConfig{}, unread("its config", answer)
	}
	var config taler.ExchangeConfig
	if err := taler.Unmarshal(answer.Body, &config); err != nil {
		return taler.ExchangeConfig{}, illFormed(configDocument, err)
	}
	if config.Name != taler.ExchangeName {
		return taler.ExchangeConfig{}, illFormed(configDocument, fault.New(fault.Invalid, "its name is not %s", taler.ExchangeName))
	}
	return config, speaks(config.Version)
}

const (
	configDocument = "what the exchange shows as its config"
	tellOperator   = "tell the exchange's operator, or use another exchange"
)

// askConfig asks once without following redirects: an exchange that has moved is refused. A
// redirect that does not mean that is followed in a second request.
func askConfig(ctx context.Context, s protocol.Session, c protocol.Call, base string) (protocol.Response, error) {
	ask := protocol.Request{Address: c.Main(), Method: http.MethodGet, Path: "config", Timeout: maxHold, Limit: maxAnswer}
	answer, err := document(ctx, s, ask)
	for fault.ReasonOf(err) == protocol.ReasonAnswerLost { // this party ended in the middle
		answer, err = document(ctx, s, ask)
	}
	if err == nil {
		err = moved(base, ask.Path, answer)
	}
	if err != nil || !redirects(answer.Status) {
		return answer, err
	}
	ask.Repeat = true
	return document(ctx, s, ask)
}

// speaks refuses a version in which nothing can be withdrawn.
func speaks(v taler.Version) error {
	if v == (taler.Version{}) {
		return malformed(fault.New(fault.Invalid, "it does not say which version of the protocol it speaks"))
	}
	_, err := taler.WithdrawProtocols(v)
	return err
}

// expiry is the time until which the keys need not be read again: what the exchange says, but
// at least two minutes from now.
func expiry(answer protocol.Response, now time.Time) time.Time {
	until := now.Add(usualExpiry)
	if t, err := http.ParseTime(header(answer, "Expires")); err == nil {
		until = t
	}
	if age, said := maxAge(header(answer, "Cache-Control")); said { // it goes before Expires (RFC 9111)
		until = now.Add(age)
	}
	if most := now.Add(mostExpiry); until.After(most) {
		return most
	}
	if least := now.Add(leastExpiry); until.Before(least) {
		return least
	}
	return until
}

// maxAge reads a Cache-Control header.
func maxAge(control string) (age time.Duration, said bool) {
	for part := range strings.SplitSeq(strings.ToLower(control), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "no-store", "no-cache":
			return 0, true
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31); err == nil {
				age, said = time.Duration(seconds)*time.Second, true
			}
		}
	}
	return age, said
}

func header(answer protocol.Response, name string) string {
	for key, value := range answer.Header {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}
