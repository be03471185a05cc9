package exchange

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/swaperoo/swaperoo/comm/taler"
)

// maxBody is the most that a request may bring along, and the most that it may
// inflate to, in bytes: a full batch is 200 KB.
const maxBody = 1 << 20

type methods map[string]http.HandlerFunc

// Handler is the API of the package comment.
func (e *Exchange) Handler() http.Handler {
	r := mux.NewRouter().SkipClean(true) // else a double slash becomes a redirect, which no POST survives
	all := map[string]methods{
		"/":                           {http.MethodGet: redirectToTerms},
		"/config":                     {http.MethodGet: e.getConfig},
		"/keys":                       {http.MethodGet: e.misbehaving(e.getKeys)},
		"/terms":                      {http.MethodGet: e.legal(e.o.TermsVersion, translations{{"en", terms}, {"de", termsGerman}})},
		"/privacy":                    {http.MethodGet: e.legal(PrivacyVersion, translations{{"en", privacy}})},
		"/reserves/{reserve}":         {http.MethodGet: e.misbehaving(e.getReserve)},
		"/reserves/{reserve}/history": {http.MethodGet: e.getHistory},
		"/admin/add-incoming":         {http.MethodPost: e.postIncoming},
	}
	if e.unified() { // one generation at a time
		all["/withdraw"] = methods{http.MethodPost: e.misbehaving(e.postWithdraw)}
	} else {
		all["/reserves/{reserve}/batch-withdraw"] = methods{http.MethodPost: e.misbehaving(e.postBatchWithdraw)}
	}
	for path, m := range all {
		if get, has := m[http.MethodGet]; has {
			m[http.MethodHead] = get
		}
		r.HandleFunc(path, e.dispatch(m))
	}
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.refuse(w, r, refuse(http.StatusNotFound, taler.CodeEndpointUnknown, hintEndpoint, r.URL.Path))
	})
	return everywhere(r)
}

// everywhere sets the headers that the real exchange puts on every answer.
func everywhere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Access-Control-Expose-Headers", "*")
		if r.Method != http.MethodPost {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

func (e *Exchange) dispatch(m methods) http.HandlerFunc {
	allow := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		if handle, offered := m[r.Method]; offered {
			handle(w, r)
			return
		}
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Headers", "*")
			w.Header().Set("Access-Control-Allow-Methods", "*")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Allow", allow)
		e.refuse(w, r, refuse(http.StatusMethodNotAllowed, taler.CodeMethodInvalid, hintMethod, r.Method))
	}
}

func redirectToTerms(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Location", "/terms")
	w.WriteHeader(http.StatusFound)
}

// read takes a JSON body, which may be deflated in the zlib format. Any other
// encoding is read as it comes, and so is not JSON.
func read(w http.ResponseWriter, r *http.Request, into any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil && strings.EqualFold(r.Header.Get("Content-Encoding"), "deflate") {
		body, err = inflate(body)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refuse(http.StatusRequestEntityTooLarge, taler.CodeUploadTooLarge, hintUpload, "")
	}
	if err == nil {
		err = taler.Unmarshal(body, into)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, taler.CodeJSONInvalid, hintJSON, "")
	}
	return nil
}

func inflate(body []byte) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err == nil && len(out) > maxBody {
		err = &http.MaxBytesError{Limit: maxBody}
	}
	return out, err
}

func (e *Exchange) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := refusalOf(err)
	if f.status == http.StatusInternalServerError && r.Context().Err() == nil {
		e.o.Log.Error("a request failed", "path", r.URL.Path, "err", err)
	}
	e.answer(w, r, f.status, f.body)
}

func (e *Exchange) answer(w http.ResponseWriter, r *http.Request, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		e.o.Log.Error("an answer cannot be written", "err", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	e.send(w, r, status, body)
}

// send compresses for those who ask for deflate, which is all that the real
// exchange offers.
func (e *Exchange) send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	if quality(r.Header.Get("Accept-Encoding"), "deflate") > 0 {
		var z bytes.Buffer
		c := zlib.NewWriter(&z)
		_, err := c.Write(body)
		if err = errors.Join(err, c.Close()); err == nil {
			w.Header().Set("Content-Encoding", "deflate")
			body = z.Bytes()
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // also for HEAD
	w.WriteHeader(status)
	_, _ = w.Write(body) // who does not read it asks again
}
