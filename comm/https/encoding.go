package https

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// plain is a body as it was before the server encoded it. Nobody has asked for that,
// but servers and what stands before them do it, and the limit holds for what comes
// out. A request that names encodings itself gets the body as it was sent.
func plain(u *url.URL, asked map[string]string, answer *http.Response, body []byte, limit int64) ([]byte, error) {
	for name := range asked {
		if strings.EqualFold(name, "Accept-Encoding") {
			return body, nil
		}
	}
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(answer.Header.Values("Content-Encoding"), ", ")))
	if encoding == "" || encoding == "identity" || len(body) == 0 {
		return body, nil
	}
	in, err := decoder(encoding, body)
	if in == nil && err == nil {
		return nil, fault.New(fault.Unknown, "%s answers with the Content-Encoding %.40q, which was not asked for and cannot be read", u.Host, encoding).
			Because("encoding-unknown")
	}
	var out []byte
	if err == nil {
		out, err = io.ReadAll(io.LimitReader(in, limit+1))
	}
	if int64(len(out)) > limit { // whatever follows
		return nil, tooBig(u, limit)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unknown, "the answer of %s is not encoded as its Content-Encoding says, with %s", u.Host, encoding).
			Because("encoding-broken")
	}
	answer.Header.Del("Content-Encoding")
	answer.Header.Del("Content-Length")
	return out, nil
}

// decoder is nil for an encoding that is not known. Under the name deflate there is
// zlib's container (RFC 1950), or from some servers what stands in it (RFC 1951).
func decoder(encoding string, body []byte) (io.Reader, error) {
	switch encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if in, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
			return in, nil
		}
		return flate.NewReader(bytes.NewReader(body)), nil
	}
	return nil, nil
}

func tooBig(u *url.URL, limit int64) error {
	return fault.New(fault.Unknown, "the answer of %s is longer than %d bytes", u.Host, limit).Because("answer-too-big")
}
