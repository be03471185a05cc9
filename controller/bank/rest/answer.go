package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// answer writes what the bank has returned: 200 with the document.
func answer(w http.ResponseWriter, document any, err error) error {
	if err != nil {
		return err
	}
	text, err := encoded(document)
	if err != nil {
		return err
	}
	write(w, http.StatusOK, text)
	return nil
}

func encoded(document any) ([]byte, error) {
	text, err := json.Marshal(document)
	if err != nil {
		return nil, fault.Wrap(err, fault.Internal, "an answer cannot be written as JSON")
	}
	return text, nil
}

// done writes that there is nothing more to say: 204.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func write(w http.ResponseWriter, status int, text []byte) {
	w.Header()["Content-Type"] = anyJSON
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the peer may have gone; what was done is done
}

// refuse writes Taler's error body for a fault, as comm/taler's table says, and
// the headers that belong to some statuses.
func (a *API) refuse(w http.ResponseWriter, err error) {
	status, body := taler.StatusOf(err)
	if c, ok := errors.AsType[*challenge](err); ok {
		body.Code = c.code
		w.Header()["Www-Authenticate"] = c.schemes
	}
	var l *limited
	switch {
	case errors.As(err, &l):
		w.Header().Set("Retry-After", strconv.Itoa(l.seconds))
	case status == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	if rec, ok := w.(*recorder); ok {
		rec.cause = err
	}
	text, err := json.Marshal(body)
	if err != nil {
		text = []byte(`{"code":60}`)
	}
	write(w, status, text)
}
