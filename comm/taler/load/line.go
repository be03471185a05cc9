package load

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
)

// line is one worker's connection to the bank. Requests are written and answers read by
// whoever makes them: the goroutines of [http.Transport] would take processors' time from a
// bank on the same machine, and would be measured as the bank's.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
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
	return &line{c, bufio.NewReader(c), bufio.NewWriter(c)}, nil
}

// RoundTrip makes one request; the answer before has been read to its end. It waits as long as
// the connection is open, whatever becomes of the request's context.
func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Write(l.out); err != nil {
		return nil, err
	}
	if err := l.out.Flush(); err != nil {
		return nil, err
	}
	return http.ReadResponse(l.in, r)
}
