package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/serve"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// payment is what the provider tells of one.
type payment struct {
	ID     string            `json:"id"`
	State  string            `json:"state"`
	Amount instrument.Amount `json:"amount"`
}

// glance is how often the provider is looked at.
const glance = 10 * time.Millisecond

// payment looks at the provider until it knows of a payment for the withdrawal,
// or the terminal has more to say: then it must know.
func (s *story) payment(ctx context.Context) (payment, error) {
	at := s.urls[serve.Provider] + "payments?reference=" + url.QueryEscape(s.wopid.Text())
	for {
		over := len(s.terminal.lines) > 0
		var found struct {
			Payments []payment `json:"payments"`
		}
		if _, err := ask(ctx, at, &found); err != nil {
			return payment{}, err
		}
		if n := len(found.Payments); n > 0 {
			return found.Payments[n-1], nil
		}
		if over {
			return payment{}, s.unpaid(ctx)
		}
		select {
		case <-time.After(glance):
		case <-s.terminal.gone:
			return payment{}, s.unpaid(ctx)
		case <-ctx.Done():
			return payment{}, fault.Wrap(ctx.Err(), fault.Timeout, "the terminal takes too long").Because("demo-slow")
		}
	}
}

// unpaid is why the provider knows of no payment.
func (s *story) unpaid(ctx context.Context) error {
	e, err := s.terminal.expect(ctx, aborted, "paid", "unknown")
	if err != nil {
		return err
	}
	return fault.New(fault.Internal, "the terminal says %q of a payment that the provider does not know: %s", e.Event, e.Reason)
}

// credited waits until the exchange knows the reserve.
func (s *story) credited(ctx context.Context) error {
	at := s.urls[serve.Exchange] + "reserves/" + s.reserve + "?timeout_ms=10000"
	for {
		status, err := ask(ctx, at, nil)
		if err != nil || status == http.StatusOK {
			return err
		}
		if status != http.StatusNotFound {
			return fault.New(fault.Internal, "the exchange answers with status %d for the reserve", status)
		}
	}
}

// record is what the bank has on record of the withdrawal.
func (s *story) record(ctx context.Context) (r struct {
	Transaction string `json:"provider_transaction_id"`
	Reason      string `json:"reason"`
}, err error,
) {
	err = s.troupe.call(ctx, &r, "bank", "withdrawal", "show", s.wopid.Text()[:12], "--dir", s.troupe.path("bank"))
	return r, err
}

// count looks into the wallet.
func (s *story) count(ctx context.Context, status string) (summary, error) {
	sum := summary{Event: "summary", Status: status, Balance: instrument.ZeroOf(s.plan.amount.Currency)}
	var purse struct {
		Balances []struct {
			Currency  string            `json:"currency"`
			Available instrument.Amount `json:"available"`
		} `json:"balances"`
	}
	if err := s.stage.wallet(ctx, &purse, "balance"); err != nil {
		return sum, err
	}
	for _, b := range purse.Balances {
		if b.Currency != sum.Balance.Currency {
			continue
		}
		var err error
		if sum.Balance, err = sum.Balance.Add(b.Available); err != nil {
			return sum, err
		}
	}
	var held struct {
		Coins []struct {
			Verified bool `json:"verified"`
		} `json:"coins"`
	}
	if err := s.stage.wallet(ctx, &held, "coins"); err != nil {
		return sum, err
	}
	sum.Coins = len(held.Coins)
	for _, c := range held.Coins {
		if c.Verified {
			sum.Verified++
		}
	}
	return sum, nil
}

// maxAnswer bounds what is read of a party's answer.
const maxAnswer = 1 << 20

// ask reads a document over loopback HTTP; into may be nil.
func ask(ctx context.Context, at string, into any) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fault.Wrap(err, fault.Unavailable, "a party of the demo does not answer").Because("demo-child")
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil || into == nil {
		return answer.StatusCode, err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return answer.StatusCode, fault.Wrap(err, fault.Internal, "what a party of the demo answers cannot be read")
	}
	return answer.StatusCode, nil
}
