package rest_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/controller/bank/banktest"
	"github.com/swaperoo/swaperoo/controller/bank/rest"
)

// half is a connection on which only a part of a request was sent.
func half(t *testing.T, h *banktest.House, sent string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(h.URL, "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write([]byte(sent)); err != nil {
		t.Fatal(err)
	}
	return c
}

// head is the beginning of a SETUP with a body of so many bytes.
func head(login banktest.Login, length int, more string) string {
	return fmt.Sprintf("POST /withdrawals HTTP/1.1\r\nHost: bank\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n%s\r\n",
		base64.StdEncoding.EncodeToString([]byte(login.Name+":"+login.Token)), length, more)
}

// TestBadInputIsRefusedBeforeItIsRead: who sends too much, or may not send so much
// at all, is answered although nothing of the body has come, or not its end.
func TestBadInputIsRefusedBeforeItIsRead(t *testing.T) {
	h := open(t, banktest.Options{Limits: rest.Limits{Read: time.Hour}}) // nothing is refused for coming late
	stranger := banktest.Login{Name: h.Terminal.Name, Token: "no"}
	chunk := strings.Repeat("x", 1<<10)
	for name, c := range map[string]struct {
		sent   string
		status int
	}{
		"1 MB":                  {head(h.Terminal, 1<<20, ""), 413},
		"a byte too much":       {head(h.Terminal, 64<<10+1, ""), 413},
		"of a stranger":         {head(stranger, 1<<20, ""), 401},
		"another encoding":      {head(h.Terminal, 1<<20, "Content-Encoding: br\r\n"), 415},
		"without an end":        {strings.Replace(head(h.Terminal, 0, "Transfer-Encoding: chunked\r\n"), "Content-Length: 0\r\n", "", 1) + strings.Repeat("400\r\n"+chunk+"\r\n", 65), 413},
		"a header without end":  {"GET /config HTTP/1.1\r\nHost: bank\r\nX: " + strings.Repeat("x", 32<<10), 431},
		"no HTTP":               {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		"two lengths":           {head(h.Terminal, 10, "Content-Length: 11\r\n"), 400},
		"an unknown transfer":   {head(h.Terminal, 10, "Transfer-Encoding: gzip\r\n"), 501},
		"a length that is none": {strings.Replace(head(h.Terminal, 1, ""), "Length: 1", "Length: -1", 1), 400},
	} {
		t.Run(name, func(t *testing.T) {
			sender := half(t, h, c.sent)
			if err := sender.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(sender), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			if answer.StatusCode != c.status {
				t.Errorf("status %d, want %d", answer.StatusCode, c.status)
			}
			if answer.StatusCode == http.StatusRequestEntityTooLarge && !answer.Close {
				t.Error("the client is not told that the connection ends")
			}
		})
	}
}

// TestTheBankAnswersBesideHalfOpenConnections: hundreds who have not said what they
// want, and who do not go on, keep nobody from withdrawing.
func TestTheBankAnswersBesideHalfOpenConnections(t *testing.T) {
	h := open(t, banktest.Options{})
	parts := []string{
		"", "G", "POST /withdrawals HTTP/1.1\r\nHost: ba", head(h.Terminal, 100, ""), head(h.Terminal, 100, "") + `{"request_uid":`,
		head(h.Terminal, 60<<10, "Content-Encoding: deflate\r\n") + "\x78\x9c",
	}
	for n := range 300 {
		half(t, h, parts[n%len(parts)])
	}
	if _, err := h.Load(4).Run(withTimeout(t), 20); err != nil {
		t.Error(err)
	}
}
