package rest

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// read reads the request's JSON document into a value. Its Content-Type is not looked at, for
// real exchanges send it twice, or not at all; they compress the document (Content-Encoding:
// deflate). A body longer than BodyLimit, as it comes or inflated, is 413; one that is not whole
// in time, or no such document, is 400; another encoding is 415.
func (a *API) read(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := a.body(w, r)
	if err != nil {
		return err
	}
	return taler.Unmarshal(body, into)
}

func (a *API) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	deflated := false
	switch strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))) {
	case "", "identity":
	case "deflate":
		deflated = true
	default:
		return nil, fault.New(fault.Unsupported, "bodies may be compressed with deflate only").Because(taler.ReasonCompressionUnknown)
	}
	if r.ContentLength > a.o.BodyLimit {
		return nil, hangUp(w) // nothing of it is waited for
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.o.BodyLimit))
	var tooMuch *http.MaxBytesError
	switch {
	case errors.As(err, &tooMuch):
		return nil, hangUp(w)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fault.Wrap(err, fault.Invalid, "the body did not come in time").Because(taler.ReasonJSONInvalid)
	case err != nil:
		return nil, fault.Wrap(err, fault.Invalid, "the body ended too early").Because(taler.ReasonJSONInvalid)
	case deflated:
		return inflate(raw, a.o.BodyLimit)
	}
	return raw, nil
}

// inflate reads zlib's container (RFC 1950), which the header's name means, or
// else bare deflate (RFC 1951), which some clients send under it.
func inflate(raw []byte, limit int64) ([]byte, error) {
	var in io.Reader
	in, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		in = flate.NewReader(bytes.NewReader(raw))
	}
	plain, err := io.ReadAll(io.LimitReader(in, limit+1))
	if int64(len(plain)) > limit {
		return nil, tooLarge()
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the body does not inflate").Because(taler.ReasonCompression)
	}
	return plain, nil
}

// hangUp refuses a body of which more is on the way: the connection ends with the
// answer, or the server would read on before it gives it.
func hangUp(w http.ResponseWriter) error {
	w.Header().Set("Connection", "close")
	return tooLarge()
}

func tooLarge() error {
	return fault.New(fault.Invalid, "the body is too large").Because(taler.ReasonUploadTooLarge)
}
