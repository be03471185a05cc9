package check

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// maxKeys bounds an exchange's /keys.
const maxKeys = 32 << 20

// Keys asks an exchange, by its base URL, what it says of itself. Its signatures
// are not looked at: who deals with its coins does that each time.
func Keys(ctx context.Context, url string) (keys taler.Keys, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"keys", nil)
	if err != nil {
		return keys, fault.Wrap(err, fault.Invalid, "%s is no address", url).Because(taler.ReasonAddressRefused)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return keys, fault.Wrap(err, fault.Unavailable, "the exchange does not answer").Because("exchange-unreachable").
			WithHint("is %s right, and does the exchange run?", url)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return keys, fault.New(fault.Unavailable, "the exchange answers for its /keys with status %d", answer.StatusCode).Because("exchange-unreachable").
			WithHint("is %s right?", url)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxKeys)).Decode(&keys); err != nil {
		return keys, fault.Wrap(err, fault.Invalid, "what is at %s is no exchange", url).Because("exchange-differs").
			WithHint("give the base URL of one, such as https://exchange.example.com/")
	}
	return keys, nil
}
