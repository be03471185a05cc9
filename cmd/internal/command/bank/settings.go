package bank

import (
	"net"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
	"github.com/swaperoo/swaperoo/instrument"
)

// settings are the bank's config.toml.
type settings struct {
	Name            string            `toml:"name" doc:"What peers of native sessions see."`
	Currency        string            `toml:"currency" doc:"The currency of everything here. It cannot be changed once there are withdrawals."`
	ExchangeURL     string            `toml:"exchange_url" doc:"Base URL of the exchange whose cash is sold."`
	ExchangeAccount taler.Payto       `toml:"exchange_account" doc:"The exchange's account, exactly as it is in its /keys."`
	WithdrawalFees  instrument.Amount `toml:"withdrawal_fees" doc:"What a withdrawal costs the customer; of the currency."`
	AdminIncoming   bool              `toml:"admin_incoming" doc:"For tests only: whoever has the exchange's credentials may credit reserves that nobody has paid for."`
	Listen          string            `toml:"listen" doc:"Where the three REST APIs listen: host:port; port 0 takes a free one."`
	SessionListen   string            `toml:"session_listen" doc:"Where native sessions are accepted: host:port."`
	AskingFirst     span              `toml:"asking_first" doc:"The first pause before a provider is asked again about a payment or a refund; each is twice the last one."`
	AskingLongest   span              `toml:"asking_longest" doc:"The longest such pause."`
	PendingFor      span              `toml:"pending_for" doc:"How long a withdrawal waits for a wallet."`
	SelectedFor     span              `toml:"selected_for" doc:"How long a withdrawal that a wallet has taken waits to be paid."`
	SearchedFor     span              `toml:"searched_for" doc:"How long payments for a withdrawal that has ended are looked for, to be given back."`
	URL             string            `toml:"url" doc:"Base URL under which others reach the REST APIs, when that is a proxy's; else empty."`
}

// span is a time that something takes, which is written as "5m0s" everywhere.
type span time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d span) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *span) UnmarshalText(text []byte) error {
	read, err := time.ParseDuration(string(text))
	*d = span(read)
	return err
}

// any free port of this machine.
const anyPort = "127.0.0.1:0"

// usual are the settings of a bank whose operator has decided nothing.
func usual() settings {
	return settings{
		Name: "C2EC", Listen: anyPort, SessionListen: anyPort, AskingFirst: span(time.Second), AskingLongest: span(5 * time.Minute),
		PendingFor: span(15 * time.Minute), SelectedFor: span(30 * time.Minute), SearchedFor: span(7 * 24 * time.Hour),
	}
}

func read(e *cli.Env, f house.Files) (settings, error) {
	s := usual()
	if err := config.Read(f.Config(), &s, e.Environ); err != nil {
		return s, err
	}
	if err := s.check(e); err != nil {
		return s, fault.New(fault.Invalid, "%s: %s", f.Config(), fault.From(err).Message).Because(config.ReasonMalformed).
			WithHint("%s", fault.From(err).Hint)
	}
	return s, nil
}

// check refuses settings under which no withdrawal could be good, and completes
// addresses.
func (s *settings) check(e *cli.Env) error {
	if err := instrument.CheckCurrency(s.Currency); err != nil {
		return err
	}
	if s.WithdrawalFees == (instrument.Amount{}) {
		s.WithdrawalFees = instrument.ZeroOf(s.Currency)
	}
	if s.WithdrawalFees.Currency != s.Currency {
		return fault.New(fault.Invalid, "the withdrawal fees %s are not in %s", s.WithdrawalFees, s.Currency).Because(taler.ReasonCurrencyMismatch)
	}
	if s.ExchangeAccount == "" {
		return fault.New(fault.Invalid, "the exchange's account is missing").Because(taler.ReasonPaytoMalformed)
	}
	if err := s.ExchangeAccount.Check(); err != nil {
		return err
	}
	for key, d := range map[string]span{
		"asking_first": s.AskingFirst, "asking_longest": s.AskingLongest - s.AskingFirst + 1,
		"pending_for": s.PendingFor, "selected_for": s.SelectedFor, "searched_for": s.SearchedFor,
	} {
		if d <= 0 {
			return fault.New(fault.Invalid, "%s is too short", key).Because("duration-malformed").WithHint(`"1s", "5m" and "168h" are durations`)
		}
	}
	exchange, err := base(e, s.ExchangeURL)
	if err != nil {
		return err
	}
	s.ExchangeURL = exchange
	if s.URL != "" {
		s.URL, err = base(e, s.URL)
	}
	return err
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
		AdminIncoming: s.AdminIncoming,
		Asking:        bank.Asking{First: time.Duration(s.AskingFirst), Longest: time.Duration(s.AskingLongest)},
		Expiry:        bank.Expiry{Pending: time.Duration(s.PendingFor), Selected: time.Duration(s.SelectedFor)},
		Searching:     bank.Searching{For: time.Duration(s.SearchedFor)},
	}
}

// gatewayURL is where the exchange finds its account, as far as that is known
// while the bank listens nowhere.
func (s *settings) gatewayURL() string {
	switch {
	case s.URL != "":
		return s.URL + rest.WireGatewayPath[1:]
	case fixed(s.Listen):
		return "http://" + s.Listen + rest.WireGatewayPath
	}
	return ""
}

// fixed reports whether an address to listen at is also one to call.
func fixed(address string) bool {
	host, port, err := net.SplitHostPort(address)
	return err == nil && port != "0" && host != "" && !net.ParseIP(host).IsUnspecified()
}
