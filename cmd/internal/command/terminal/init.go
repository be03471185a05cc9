package terminal

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/swaperoo/swaperoo/cmd/internal/check"
	"github.com/swaperoo/swaperoo/cmd/internal/cli"
	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
)

// settings are the terminal's config.toml.
type settings struct {
	Merchant    string   `toml:"merchant" doc:"the merchant, as customers see it on their card statement"`
	Bank        string   `toml:"bank" doc:"base URL of the bank's Terminal API"`
	BankSession string   `toml:"bank_session" doc:"address of sessions with the bank, with its key: operations go over it, and only waiting over the Terminal API; empty: all over the API"`
	Integration string   `toml:"integration" doc:"base URL of the bank's Bank Integration API, to which the QR code leads wallets"`
	Login       string   `toml:"login" doc:"this terminal's account at the bank"`
	TokenFile   string   `toml:"token_file" doc:"file with the account's token, mode 0600"`
	Listen      string   `toml:"listen" doc:"address at which wallets pay over sessions; port 0 takes a free one"`
	Till        string   `toml:"till" doc:"address of the API for the software of a till, of this machine only unless --allow-http is said; port 0 takes a free one"`
	PNP         string   `toml:"pnp" doc:"how protocols are negotiated in sessions, the same at both sides: pnp.intersect, or pnp.upp, which agrees on classes and protocols in one exchange; empty: pnp.intersect"`
	Prices      []string `toml:"prices" doc:"what a purchase costs with a class of instruments, if not the amount: more, less, or nothing is sold for it, such as \"payment-card=+1.5%\", \"coupon=-CHF:0.50\" or \"miles=no\""`
	ClearLines  []string `toml:"clear_lines" doc:"lines that run without TLS, such as \"serial-clear:/dev/ttyS0\": nobody proves there who they are"`
}

// tokenName is the file of the token in the data directory.
const tokenName = "bank.token"

// anywhere is where a terminal listens unless its owner says something else.
const anywhere = "127.0.0.1:0"

func initialise(e *cli.Env) *cobra.Command {
	s := settings{Till: anywhere, Prices: []string{}, ClearLines: []string{}}
	c := &cobra.Command{Use: "init", Short: "Make a terminal of a bank", Args: cobra.NoArgs}
	f := c.Flags()
	f.StringVar(&s.Bank, "bank", "", "base `URL` of the bank's Terminal API")
	f.StringVar(&s.BankSession, "bank-session", "", "`ADDR` of sessions with the bank, such as wss://bank.example/#KEY, for operations")
	f.StringVar(&s.Login, "login", "", "this terminal's account at the bank")
	f.StringVar(&s.TokenFile, "token-file", "", "`FILE` with the account's token; it is copied")
	f.StringVar(&s.Merchant, "merchant", "", "the merchant, as customers see it; by default the login")
	f.StringVar(&s.Integration, "integration", "", "base `URL` of the bank's integration API, by default beside the Terminal API")
	f.StringVar(&s.Listen, "listen", anywhere, "`ADDR` at which wallets pay over sessions")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := cli.Require(c, "bank", "login", "token-file"); err != nil {
			return err
		}
		return initialising(c.Context(), e, s)
	}
	return c
}

func initialising(ctx context.Context, e *cli.Env, s settings) error {
	f, err := files(e)
	if err != nil {
		return err
	}
	if dir, err := filepath.Abs(f.Dir); err == nil {
		f.Dir = dir
	}
	if err := f.Free(); err != nil {
		return err
	}
	if err := errors.Join(s.complete(e.AllowHTTP), serve.CheckAddress(s.Listen)); err != nil {
		return cli.Argument(err)
	}
	token, err := e.SecretFile(ctx, s.TokenFile)
	if err != nil {
		return cli.Argument(err)
	}
	if token == "" {
		return cli.Argument(fault.New(fault.Invalid, "there is no token in %s", s.TokenFile).Because("secret-unreadable"))
	}
	if err := config.Replace(filepath.Join(f.Dir, tokenName), []byte(token+"\n")); err != nil {
		return err
	}
	s.TokenFile = tokenName
	if err := config.Write(f.Config(), "The settings of a payment terminal.", &s); err != nil {
		return err
	}
	if err := house.Init(ctx, f, s.Merchant, nil); err != nil { // last: without a vault there is no terminal
		return err
	}
	shown := map[string]string{"dir": f.Dir, "bank": s.Bank, "integration": s.Integration, "login": s.Login, "merchant": s.Merchant}
	return e.Print(shown, "The terminal is in %s.\n", f.Dir)
}

// complete checks the addresses and fills in what follows from others.
func (s *settings) complete(allowHTTP bool) error {
	bank, err := taler.CheckURL(s.Bank, allowHTTP)
	if err != nil {
		return config.About("bank", err)
	}
	s.Bank = strings.TrimSuffix(bank.String(), "/") + "/"
	if s.Integration == "" {
		s.Integration = s.Bank + "taler-integration/"
	}
	integration, err := taler.CheckURL(s.Integration, allowHTTP)
	if err != nil {
		return config.About("integration", err)
	}
	s.Integration = integration.String()
	if _, err := taler.NewWithdrawURI(s.Integration, taler.WithdrawalID{}); err != nil {
		return fault.Wrap(err, fault.Invalid, "integration: no code leads wallets to %s", s.Integration).Because(taler.ReasonAddressRefused).
			WithHint("the path of such an address has letters, digits and some marks only, such as https://bank.example/c2ec/taler-integration/")
	}
	if s.Merchant == "" {
		s.Merchant = s.Login
	}
	_, err = s.peer()
	return errors.Join(config.About("merchant", vendor.CheckMerchant(s.Merchant)), config.About("bank_session", err))
}

// peer is the bank as operations reach it: natively, or as a bank that knows
// nothing of sessions.
func (s settings) peer() (comm.Peer, error) {
	p := comm.Peer{Name: "bank", Role: comm.Bank, Addresses: []string{"taler+" + s.Bank}}
	if s.BankSession == "" {
		return p, nil
	}
	a, err := comm.ParseAddress(s.BankSession)
	if err != nil {
		return p, err
	}
	if a.Key == "" {
		return p, fault.New(fault.Invalid, "the address of sessions with the bank has no key").Because("key-missing").
			WithHint("`bank serve` prints it with its key: wss://…/#KEY")
	}
	p.Key, p.Addresses = a.Key, []string{s.BankSession}
	return p, nil
}

// login is the terminal's account at the bank, with the token as its file is now.
func (s settings) login() (controller.Login, error) {
	token, err := config.Secret(s.TokenFile)
	return controller.Login{Name: s.Login, Token: token}, err
}

func readSettings(e *cli.Env, f house.Files) (settings, error) {
	s := settings{Listen: anywhere, Till: anywhere, Prices: []string{}, ClearLines: []string{}}
	if err := check.Only(f.Dir, "terminal"); err != nil {
		return s, err
	}
	if err := config.Read(f.Config(), &s, e.Environ); err != nil {
		return s, err
	}
	const anyHTTP = true                      // whoever asks a bank holds to --allow-http then
	written, _, _ := strings.Cut(s.Bank, "?") // with nothing behind it, or it is refused
	err := s.complete(anyHTTP)
	s.Bank = written // operations that have begun know the bank by this spelling
	if err != nil {
		from := config.Sources(f.Config(), &s, e.Environ)
		return s, fault.Wrap(err, fault.Invalid, "%s: %s", from, fault.From(err).Message).
			Because(config.ReasonMalformed).WithHint("%s", fault.From(err).Hint)
	}
	return s, nil
}
