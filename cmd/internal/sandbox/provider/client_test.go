package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/provider"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

// shop is a simulator behind a real socket, whose late answers come when the test
// says so.
type shop struct {
	*testing.T
	provider *provider.Provider
	server   *httptest.Server
	url      string
	waits    chan time.Duration // a late answer has begun
	fire     chan time.Time     // let one out
	close    func()
}

func serve(t *testing.T, dir string) *shop {
	t.Helper()
	s := &shop{T: t, waits: make(chan time.Duration, 100), fire: make(chan time.Time)}
	p, err := provider.Open(dir, provider.Options{
		Clock: func() time.Time { return time.Unix(1795212245, 0) },
		Timer: func(d time.Duration) (<-chan time.Time, func()) {
			s.waits <- d
			return s.fire, func() {}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.Handler())
	s.provider, s.server, s.url = p, server, server.URL
	closed := false
	s.close = func() {
		if closed {
			return
		}
		closed = true
		p.Stop()
		server.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(s.close)
	return s
}

// answer is any document of the API.
type answer struct {
	status   int
	ID       string
	State    string
	Reason   string
	Amount   string
	Refunded string
	Merchant string
	Card     *struct{ Brand, Last4 string }
	Payments []struct{ ID, State, Amount string }
	Error    struct{ Kind, Reason, Message string }

	Reference string
}

func (s *shop) do(ctx context.Context, method, path, key, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewBufferString(body))
	if err != nil {
		return answer{}, err
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	if err := conforms(req, res.StatusCode, res.Header, text); err != nil {
		s.Errorf("%s %s is answered %d %s: %v", method, path, res.StatusCode, text, err)
	}
	a := answer{status: res.StatusCode}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("%s: %w", text, err)
	}
	return a, nil
}

func (s *shop) post(path, key, body string) answer {
	s.Helper()
	a, err := s.do(s.Context(), http.MethodPost, path, key, body)
	if err != nil {
		s.Fatal(err)
	}
	return a
}

func (s *shop) get(path string) answer {
	s.Helper()
	a, err := s.do(s.Context(), http.MethodGet, path, "", "")
	if err != nil {
		s.Fatal(err)
	}
	return a
}

func order(amount, reference, token string) string {
	return fmt.Sprintf(`{"amount":%q,"reference":%q,"token":%q}`, amount, reference, token)
}

func (s *shop) card(b provider.Behaviour) onetime.Card {
	s.Helper()
	c, err := s.provider.AddCard(s.Context(), b)
	if err != nil {
		s.Fatal(err)
	}
	return c
}

func (s *shop) authorise(c onetime.Card, counter uint64, amount, reference string) string {
	s.Helper()
	sum, err := instrument.ParseAmount(amount)
	if err != nil {
		s.Fatal(err)
	}
	a, err := onetime.Authorise(c, counter, "merchant-1", sum, reference, "wallet-1")
	if err != nil {
		s.Fatal(err)
	}
	return a.Token()
}
