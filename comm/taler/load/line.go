package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// line is one worker's connection to the bank. It writes requests and reads answers itself, and
// no more of HTTP/1.1 than the bank answers with: the time that [http.Client] takes would be
// missing to a bank on the same machine, and would be measured as the bank's.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	host string
	path string // of the API, in front of each request's
	out  []byte // a request
	body []byte // of an answer; good until the next
}

func dial(ctx context.Context, base string) (*line, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	return &line{conn: c, in: bufio.NewReader(c), host: u.Host, path: strings.TrimSuffix(u.EscapedPath(), "/")}, nil
}

// ask makes one request, with a body or without, and returns the body of its answer, which is good
// until the next request. Any answer but 200 and 204 is an error. It waits as long as the
// connection is open.
func (l *line) ask(method, path, authorization string, body []byte) ([]byte, error) {
	l.out = fmt.Appendf(l.out[:0], "%s %s%s HTTP/1.1\r\nHost: %s\r\n", method, l.path, path, l.host)
	if authorization != "" {
		l.out = fmt.Appendf(l.out, "Authorization: %s\r\n", authorization)
	}
	if body != nil {
		l.out = fmt.Appendf(l.out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	l.out = append(append(l.out, "\r\n"...), body...)
	if _, err := l.conn.Write(l.out); err != nil {
		return nil, err
	}
	status, err := l.head()
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(l.in, l.body); err != nil {
		return nil, err
	}
	if status != http.StatusOK && status != http.StatusNoContent {
		return nil, fmt.Errorf("the bank answered %d: %s", status, l.body)
	}
	return l.body, nil
}

// head reads an answer up to its body, for which it makes room.
func (l *line) head() (status int, err error) {
	text, err := l.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if fields := bytes.Fields(text); len(fields) < 2 || string(fields[0]) != "HTTP/1.1" {
		return 0, fmt.Errorf("%q is no answer", text)
	} else if status, err = strconv.Atoi(string(fields[1])); err != nil {
		return 0, err
	}
	length := -1
	for {
		if text, err = l.in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		name, value, _ := bytes.Cut(bytes.TrimSpace(text), []byte(":"))
		switch {
		case len(name) == 0 && length < 0 && status != http.StatusNoContent:
			return 0, fmt.Errorf("an answer of status %d does not say how long it is", status)
		case len(name) == 0:
			l.body = append(l.body[:0], make([]byte, max(length, 0))...)
			return status, nil
		case string(name) == "Content-Length":
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		}
	}
}
