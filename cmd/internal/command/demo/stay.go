package demo

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/client"
)

// serving says how to do it again by hand.
type serving struct {
	Event       string            `json:"event"` // "serving"
	Dir         string            `json:"dir"`
	URLs        map[string]string `json:"urls"` // of what listens, by name
	Login       string            `json:"login"`
	TokenFile   string            `json:"token_file"`       // the terminal's, at the bank
	Credentials string            `json:"credentials_file"` // the exchange's, at the bank
	Passphrase  string            `json:"passphrase_file"`  // the wallet's
	Commands    []command         `json:"commands"`
}

// command is something to type, and where.
type command struct {
	Where string `json:"where"`
	Line  string `json:"line"`
}

// stay keeps everything running until ctx ends, which is no failure.
func (s *stage) stay(ctx context.Context) error {
	if err := s.wallet(ctx, nil, "instrument", "add", string(client.ClassCard), "--file", s.card); err != nil {
		return stopped(ctx, err)
	}
	if err := s.wallet(ctx, nil, "exchange", "add", s.urls[serve.Exchange]); err != nil {
		return stopped(ctx, err)
	}
	till, err := s.till(ctx)
	if err != nil {
		return stopped(ctx, err)
	}
	v := s.byHand(till)
	if err := s.env.Print(v, "%s", v.text()); err != nil {
		return err
	}
	ended := make(chan *child, 1)
	s.troupe.mu.Lock()
	for _, c := range s.troupe.children {
		if c.running() {
			go func() {
				<-c.gone
				select {
				case ended <- c:
				default:
				}
			}()
		}
	}
	s.troupe.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil
	case c := <-ended:
		return fault.New(fault.Internal, "the %s has ended: %s", c.name, c.said.text()).Because("demo-child")
	}
}

// till finds out where the terminal takes payments of wallets, and makes it known
// to the wallet. It listens only while it sells, then at the same address.
func (s *stage) till(ctx context.Context) (address string, err error) {
	c, err := s.troupe.start("terminal", []string{"terminal", "serve", "--dir", s.troupe.path("terminal")}, nil)
	if err != nil {
		return "", err
	}
	defer c.stop()
	for {
		said, err := c.expect(ctx, "listening")
		if err != nil {
			return "", err
		}
		if said.Name != serve.Session {
			continue
		}
		at, err := url.Parse(said.URL)
		if err != nil {
			return "", fault.Wrap(err, fault.Internal, "the terminal listens at what is no address")
		}
		return at.Host, s.wallet(ctx, nil, "peer", "add", terminalName, said.URL)
	}
}

func (s *stage) byHand(till string) serving {
	v := serving{
		Event: "serving", Dir: s.troupe.dir, URLs: s.urls, Login: terminalName, TokenFile: s.token,
		Credentials: s.credentials(), Passphrase: s.passphrase,
	}
	terminal := []string{s.troupe.exe, "terminal", "withdraw", "--dir", s.troupe.path("terminal"), "--amount", s.plan.amount.String()}
	wallet := append([]string{s.troupe.exe}, s.walletArgs()...)
	withdraw := slices.Insert(slices.Clone(wallet), 2, "withdraw", "URI")
	v.Commands = []command{
		{"by plastic card, at the terminal", quote(append(slices.Clone(terminal), "--card", "approved"))},
		{"by plastic card, at the wallet: URI is what the terminal shows", quote(withdraw)},
		{"by wallet, at the terminal", quote(append(slices.Clone(terminal), "--listen", till))},
		{"by wallet, at the wallet: URI is what the terminal shows", quote(append(slices.Clone(withdraw), "--pay", terminalName))},
		{"what the wallet holds then", quote(slices.Insert(slices.Clone(wallet), 2, "balance"))},
		{"a shop at which the wallet pays, and has an account if it likes", quote([]string{s.troupe.exe, "terminal", "serve", "--dir", s.troupe.path("terminal"), "--listen", till})},
		{"at the wallet: the steps with that shop, one by one", quote(slices.Insert(slices.Clone(wallet), 2, "session", terminalName))},
	}
	return v
}

func (v serving) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "\nEverything goes on running in %s.\n\n", v.Dir)
	for _, name := range slices.Sorted(maps.Keys(v.URLs)) {
		fmt.Fprintf(&out, "%-13s %s\n", name, v.URLs[name])
	}
	fmt.Fprintf(&out, "\nlogin of the terminal at the bank: %s, its token is in %s\nlogin of the exchange at the bank: in %s\n", v.Login, v.TokenFile, v.Credentials)
	for _, c := range v.Commands {
		fmt.Fprintf(&out, "\n%s:\n  %s\n", c.Where, c.Line)
	}
	out.WriteString("\nCtrl-C ends everything.\n")
	return out.String()
}

// quote writes a command as a shell reads it.
func quote(args []string) string {
	words := make([]string, len(args))
	for n, a := range args {
		words[n] = a
		if a == "" || strings.ContainsFunc(a, special) {
			words[n] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// special is what a shell may not read as itself.
func special(r rune) bool {
	return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+", r)
}
