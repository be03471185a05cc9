package bank

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// reached warns of what others find at the URL of the settings: nobody, something else, or behind a
// proxy the figures that are for this machine. It is no more than a warning: the bank need not serve
// yet, and the name may mean nothing here.
func (s *settings) reached(ctx context.Context) *fault.Fault {
	const reason fault.Reason = "url-unreachable"
	status, text, err := page(ctx, s.URL+strings.TrimPrefix(rest.IntegrationPath, "/")+"config")
	var config taler.IntegrationConfig
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "nobody answers there").Because(reason).
			WithHint("start the bank; if it serves, look at the name, the certificate and the proxy")
	case status != http.StatusOK:
		return fault.New(fault.Unavailable, "it answers with status %d", status).Because(reason).
			WithHint("start the bank; if it serves, look whether the proxy leads to it and takes nothing else from paths than that of this URL")
	case json.Unmarshal(text, &config) != nil || config.Name != taler.IntegrationName:
		return fault.New(fault.Unavailable, "something else answers there").Because(reason).
			WithHint("look where the name and the proxy lead to")
	case s.Edge.Certificate != "" || !strings.HasPrefix(s.URL, "https:"): // no proxy is in front for certain
		return nil
	}
	if status, _, err := page(ctx, s.URL+"metrics"); err == nil && status == http.StatusOK {
		return fault.New(fault.Denied, "everybody may read the figures at %smetrics, for the proxy does not say whom requests come from", s.URL).
			Because("figures-exposed").WithHint("have the proxy set X-Forwarded-For, and name its address in proxies of [edge]")
	}
	return nil
}

func page(ctx context.Context, url string) (status int, text []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	text, err = io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	return answer.StatusCode, text, err
}
