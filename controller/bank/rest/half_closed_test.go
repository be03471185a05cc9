package rest_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// TestWhoSaysNoMoreIsAnswered: a client may close its sending side once it has asked,
// and waits for the answer. The server takes it for gone; it was told that its request had
// not ended yet, whenever it asked again.
func TestWhoSaysNoMoreIsAnswered(t *testing.T) {
	h := open(t, banktest.Options{})
	basic := base64.StdEncoding.EncodeToString([]byte(h.Terminal.Name + ":" + h.Terminal.Token))
	asks := func(method, path, body string) int {
		t.Helper()
		c := half(t, h, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: bank\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s", method, path, basic, len(body), body))
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	for n := range 10 {
		id := setUp(t, h, fmt.Sprint("open-", n)).Text()
		key := strings.Repeat("8", 51) + "G"
		operation := "/taler-integration/withdrawal-operation/" + id
		for _, c := range []struct {
			method, path, body string
			status             int
		}{
			{"GET", "/config", "", 200},
			{"GET", operation, "", 200},
			{"POST", "/withdrawals", fmt.Sprintf(`{"request_uid":"half-%d","amount":"CHF:20"}`, n), 200},
			{"POST", operation, `{"reserve_pub":"` + key + `","selected_exchange":"payto://iban/CH00"}`, 400},
			{"DELETE", "/withdrawals/" + id, "", 204},
			{"POST", operation + "/abort", "", 204},
		} {
			if got := asks(c.method, c.path, c.body); got != c.status {
				t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.status)
			}
		}
	}
}
