package bank

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/instrument"
)

// settings are the bank's config.toml.
type settings struct {
	Name            string            `toml:"name" doc:"What peers of native sessions see."`
	Currency        string            `toml:"currency" doc:"The currency of everything here. It cannot be changed once there are withdrawals."`
	ExchangeURL     string            `toml:"exchange_url" doc:"Base URL of the exchange whose cash is sold."`
	ExchangeAccount taler.Payto       `toml:"exchange_account" doc:"The exchange's account, exactly as it is in its /keys."`
	WithdrawalFees  instrument.Amount `toml:"withdrawal_fees" doc:"What a withdrawal costs the customer; of the currency."`
	MinAmount       instrument.Amount `toml:"min_amount" doc:"The least that one withdrawal may be; empty: no bound."`
	MaxAmount       instrument.Amount `toml:"max_amount" doc:"The most that one withdrawal may be; empty: no bound."`
	Quota           instrument.Amount `toml:"quota" doc:"What each user whom a terminal names may withdraw within quota_within; empty: as much as they like."`
	QuotaWithin     time.Duration     `toml:"quota_within" doc:"The time that the quota is for."`
	AdminIncoming   bool              `toml:"admin_incoming" doc:"For tests only: whoever has the exchange's credentials may credit reserves that nobody has paid for."`
	Listen          string            `toml:"listen" doc:"Where the three REST APIs listen: host:port; port 0 takes a free one."`
	SessionListen   string            `toml:"session_listen" doc:"Where native sessions are accepted: host:port."`
	PNP             string            `toml:"pnp" doc:"How protocols are negotiated in native sessions, the same at both sides: pnp.intersect, or pnp.upp, which agrees on classes and protocols in one exchange; empty: pnp.intersect."`
	AskingFirst     time.Duration     `toml:"asking_first" doc:"The first pause before a provider is asked again about a payment or a refund; each is twice the last one."`
	AskingLongest   time.Duration     `toml:"asking_longest" doc:"The longest such pause."`
	PendingFor      time.Duration     `toml:"pending_for" doc:"How long a withdrawal waits for a wallet."`
	SelectedFor     time.Duration     `toml:"selected_for" doc:"How long a withdrawal that a wallet has taken waits to be paid."`
	SearchedFor     time.Duration     `toml:"searched_for" doc:"How long payments for a withdrawal that has ended are looked for, to be given back."`
	URL             string            `toml:"url" doc:"Base URL under which others reach the REST APIs, by the name in a certificate, here or at a proxy; empty: where they listen."`
	Edge            edge              `toml:"edge" doc:"How the REST APIs meet the network."`
}

// edge is how the REST APIs meet the network.
type edge struct {
	Certificate string   `toml:"tls_certificate_file" doc:"Certificate for https, with its chain (PEM); it is read again when it changes. Empty: plain http, on loopback only."`
	Key         string   `toml:"tls_key_file" doc:"The certificate's private key (PEM), mode 0600."`
	Proxies     []string `toml:"proxies" doc:"Addresses or networks of reverse proxies, whose X-Forwarded-For is believed."`
	PerAddress  int      `toml:"connections_per_address" doc:"Most connections of one address at a time; this machine and the proxies are not counted."`

	RequestWithin time.Duration `toml:"request_within" doc:"How long a request may take to arrive, with its body."`
}

// any free port of this machine.
const anyPort = "127.0.0.1:0"

// fresh are the settings of which nothing was said.
func fresh() settings {
	return settings{
		Name: "C2EC", Listen: anyPort, SessionListen: anyPort, QuotaWithin: 24 * time.Hour, Edge: edge{PerAddress: 1024, RequestWithin: 10 * time.Second},
		AskingFirst: time.Second, AskingLongest: 5 * time.Minute,
		PendingFor: 15 * time.Minute, SelectedFor: 30 * time.Minute, SearchedFor: 7 * 24 * time.Hour,
	}
}

func read(e *cli.Env, f house.Files) (settings, error) {
	s := fresh()
	if err := check.Only(f.Dir, "bank"); err != nil {
		return s, err
	}
	if err := config.Read(f.Config(), &s, e.Environ); err != nil {
		return s, err
	}
	if err := s.check(e); err != nil {
		from := config.Sources(f.Config(), &s, e.Environ)
		return s, fault.New(fault.Invalid, "%s: %s", from, fault.From(err).Message).Because(config.ReasonMalformed).
			WithHint("%s", fault.From(err).Hint)
	}
	return s, nil
}

// check refuses settings under which no withdrawal could be good, and completes
// addresses.
func (s *settings) check(e *cli.Env) error {
	if err := instrument.CheckCurrency(s.Currency); err != nil {
		return config.About("currency", err)
	}
	if s.WithdrawalFees == (instrument.Amount{}) {
		s.WithdrawalFees = instrument.ZeroOf(s.Currency)
	}
	if s.WithdrawalFees.Currency != s.Currency {
		return fault.New(fault.Invalid, "withdrawal_fees: %s is not in %s", s.WithdrawalFees, s.Currency).Because(taler.ReasonCurrencyMismatch)
	}
	if err := s.checkBounds(); err != nil {
		return err
	}
	if s.ExchangeAccount == "" {
		return fault.New(fault.Invalid, "exchange_account: the exchange's account is missing").Because(taler.ReasonPaytoMalformed).
			WithHint("write it as it is in the exchange's /keys, such as payto://iban/CH9300762011623852957?receiver-name=Exchange")
	}
	if err := s.ExchangeAccount.CheckAccount(); err != nil {
		return config.About("exchange_account", err)
	}
	if s.AskingLongest < s.AskingFirst {
		return fault.New(fault.Invalid, "asking_longest is %s, and shorter than asking_first, which is %s", s.AskingLongest, s.AskingFirst).Because("duration-malformed")
	}
	for key, is := range map[string]struct{ long, least time.Duration }{
		"asking_first": {s.AskingFirst, 1}, "searched_for": {s.SearchedFor, 1},
		// Below a second no wallet and no till would come in time.
		"pending_for": {s.PendingFor, time.Second}, "selected_for": {s.SelectedFor, time.Second}, "request_within": {s.Edge.RequestWithin, time.Second},
	} {
		if is.long < is.least {
			return fault.New(fault.Invalid, "%s is %s, which is too short", key, is.long).Because("duration-malformed").WithHint(`"1s", "5m" and "168h" are durations`)
		}
	}
	exchange, err := base(e, s.ExchangeURL)
	if err != nil {
		return config.About("exchange_url", err)
	}
	s.ExchangeURL = exchange
	if s.URL != "" {
		if s.URL, err = base(e, s.URL); err != nil {
			return config.About("url", err)
		}
	}
	if err := errors.Join(config.About("listen", serve.CheckAddress(s.Listen)), config.About("session_listen", serve.CheckAddress(s.SessionListen))); err != nil {
		return err
	}
	return s.Edge.check()
}

func (g edge) check() error {
	if (g.Certificate == "") != (g.Key == "") {
		return fault.New(fault.Invalid, "tls_certificate_file: a certificate goes with its key").Because("certificate").
			WithHint("give both tls_certificate_file and tls_key_file, or none")
	}
	if g.PerAddress < 1 {
		return fault.New(fault.Invalid, "connections_per_address is %d: nobody would get in", g.PerAddress).Because(config.ReasonMalformed)
	}
	_, err := serve.ParseProxies(g.Proxies)
	return config.About("proxies", err)
}

func (g edge) certificate() serve.Certificate {
	return serve.Certificate{File: g.Certificate, Key: g.Key}
}

// certified is the host for which our certificate has to be; empty if that is not
// known, or a proxy's to decide.
func (s *settings) certified() string {
	u, err := url.Parse(s.URL)
	if err != nil || len(s.Edge.Proxies) > 0 {
		return ""
	}
	return u.Hostname()
}

// path is that of the URL under which others reach the APIs.
func (s *settings) path() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	return u.EscapedPath()
}

// checkBounds refuses limits that nobody could keep.
func (s *settings) checkBounds() error {
	for _, bound := range []struct {
		name   string
		amount instrument.Amount
		end    string // what comes of too little where it is a most
	}{{"min_amount", s.MinAmount, ""}, {"max_amount", s.MaxAmount, "nothing could be sold"}, {"quota", s.Quota, "no user could withdraw anything"}} {
		if bound.amount == (instrument.Amount{}) {
			continue
		}
		if bound.amount.Currency != s.Currency {
			return fault.New(fault.Invalid, "%s is %s, which is not in %s", bound.name, bound.amount, s.Currency).Because(taler.ReasonCurrencyMismatch)
		}
		if bound.end != "" && bound.amount.IsZero() {
			return fault.New(fault.Invalid, "%s is %s: %s", bound.name, bound.amount, bound.end).Because(config.ReasonMalformed).
				WithHint(`"" is no bound`)
		}
		if bound.end != "" && s.MinAmount != (instrument.Amount{}) {
			if order, err := s.MinAmount.Cmp(bound.amount); err != nil || order > 0 {
				return fault.New(fault.Invalid, "min_amount %s is more than %s %s: %s", s.MinAmount, bound.name, bound.amount, bound.end).Because(config.ReasonMalformed)
			}
		}
	}
	if s.QuotaWithin < time.Second {
		return fault.New(fault.Invalid, "quota_within is %s: a second is the least", s.QuotaWithin).Because(config.ReasonMalformed)
	}
	return nil
}

// base reads a base URL, which ends with a slash.
func base(e *cli.Env, text string) (string, error) {
	u, err := taler.CheckURL(text, e.AllowHTTP)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(u.String(), "/") + "/", nil
}

func (s *settings) bank() bank.Config {
	return bank.Config{
		Currency: s.Currency, ExchangeURL: s.ExchangeURL, ExchangeAccount: s.ExchangeAccount, WithdrawalFees: s.WithdrawalFees,
		MinAmount: s.MinAmount, MaxAmount: s.MaxAmount, Quotas: bank.Quotas{Amount: s.Quota, Within: s.QuotaWithin},
		AdminIncoming: s.AdminIncoming,
		Asking:        bank.Asking{First: s.AskingFirst, Longest: s.AskingLongest},
		Expiry:        bank.Expiry{Pending: s.PendingFor, Selected: s.SelectedFor},
		Searching:     bank.Searching{For: s.SearchedFor},
	}
}

// gatewayURL is where an exchange finds its account, as far as that is known
// while the bank listens nowhere.
func (s *settings) gatewayURL(x bank.Exchange) string {
	switch {
	case s.URL != "":
		return s.URL + gatewayPath(x)[1:]
	case fixed(s.Listen) && s.Edge.Certificate != "":
		return "https://" + withNumber(s.Listen) + gatewayPath(x)
	case fixed(s.Listen):
		return "http://" + withNumber(s.Listen) + gatewayPath(x)
	}
	return ""
}

// withNumber is an address whose port may have a name, which no URL has.
func withNumber(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	n, err := net.LookupPort("tcp", port)
	if err != nil {
		return address
	}
	return net.JoinHostPort(host, strconv.Itoa(n))
}

// fixed reports whether an address to listen at is also one to call.
func fixed(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && port != "0" && host != "" && !net.ParseIP(host).IsUnspecified()
}
