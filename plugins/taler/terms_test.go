package taler_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	wire "github.com/swaperoo/swaperoo/comm/taler"
)

func TestTermsOfService(t *testing.T) {
	w := readyWallet(t)
	read := func(handler http.HandlerFunc) (wire.TermsResult, error) {
		w.mint.with(func() { w.mint.terms = handler })
		result, err := w.do("taler.exchange", "TERMS", w.exchange, nil)
		if err != nil {
			return wire.TermsResult{}, err
		}
		return valueOf[wire.TermsResult](t, result, nil), nil
	}
	got, err := read(func(rw http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Accept"), "text/markdown") {
			t.Errorf("asked for %q", r.Header.Get("Accept"))
		}
		rw.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		rw.Header().Set("Taler-Terms-Version", "v7")
		_, _ = io.WriteString(rw, "# Terms\nüber alles")
	})
	if want := (wire.TermsResult{Version: "v7", Text: "# Terms\nüber alles", Type: "text/markdown"}); err != nil || got != want {
		t.Errorf("read %+v, %v", got, err)
	}
	if got, err := read(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(501) }); err != nil || got != (wire.TermsResult{}) {
		t.Errorf("none: %+v, %v", got, err)
	}
	for kind, want := range map[string]string{
		"text/plain": "f\u00fcr \u20ac 5 \u2013 \ufffd", "text/plain; charset=utf-8": "f\u00fcr \u20ac 5 \u2013 \ufffd",
		"text/html; charset=ISO-8859-1": "f\u00fcr \u20ac 5 \u2013 \ufffd", "text/plain; charset=windows-1252": "f\u00fcr \u20ac 5 \u2013 \ufffd",
		"": "f\u00fcr \u20ac 5 \u2013 \ufffd", "text/plain; charset=big5": "", "application/pdf": "",
	} {
		got, err := read(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header()["Content-Type"] = []string{kind}
			rw.Header().Set("Taler-Terms-Version", "v7")
			_, _ = io.WriteString(rw, "f\xfcr \x80 5 \x96 \x81")
		})
		if got.Text != want || (err != nil) != (want == "") {
			t.Errorf("as %q: %q, %v", kind, got.Text, err)
		}
	}
	if _, err := read(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(bytes.Repeat([]byte("x"), 4<<20+1)) }); fault.KindOf(err) != fault.Invalid {
		t.Errorf("terms without end: %v", err)
	}

	if _, err := w.do("taler.exchange", "ACCEPT", w.exchange, wire.AcceptArgs{Version: "v7", At: 1000}); err != nil {
		t.Fatal(err)
	}
	want := wire.ExchangeTerms{Version: "v7", AcceptedVersion: "v7", AcceptedAt: 1000}
	if got := w.state().Terms; got != want {
		t.Errorf("kept %+v", got)
	}
	if _, err := w.do("taler.exchange", "REFRESH", w.exchange, nil); err != nil || w.state().Terms != want {
		t.Errorf("a refresh forgets what was accepted: %v", err)
	}
	_, err = w.do("taler.exchange", "ACCEPT", w.exchange, wire.AcceptArgs{})
	wantFault(t, err, fault.Invalid, wire.ReasonParameterMissing)
}

// Terms without a version of their own, as something in front of the exchange may leave them, have
// that of their text: another one when it changes.
func TestTermsWithoutAVersion(t *testing.T) {
	w := readyWallet(t)
	read := func(text string, header http.Header) string {
		w.mint.with(func() {
			w.mint.terms = func(rw http.ResponseWriter, _ *http.Request) {
				maps.Copy(rw.Header(), header)
				_, _ = io.WriteString(rw, text)
			}
		})
		result, err := w.do("taler.exchange", "TERMS", w.exchange, nil)
		return valueOf[wire.TermsResult](t, result, err).Version
	}
	first := read("Be kind.", nil)
	if first == "" || len(first) > 128 || read("Be kind.", nil) != first {
		t.Errorf("the version is %q", first)
	}
	if read("Be unkind.", nil) == first {
		t.Error("other terms have the same version")
	}
	if got := read("Be kind.", http.Header{"Etag": {"tag"}}); got != "tag" {
		t.Errorf("beside a tag the version is %q", got)
	}
	if got := read("Be kind.", http.Header{"Etag": {strings.Repeat("x", 129)}}); got != first {
		t.Errorf("beside a tag that is too long the version is %q", got)
	}
}

// Long terms come in pieces that fit into a result, whatever characters they have.
func TestLongTermsComeInPieces(t *testing.T) {
	w := readyWallet(t)
	text := strings.Repeat("<§ 1>", 50<<10)
	w.mint.with(func() {
		w.mint.terms = func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Taler-Terms-Version", "v8")
			_, _ = io.WriteString(rw, text)
		}
	})
	var all strings.Builder
	for from := 0; ; {
		result, err := w.do("taler.exchange", "TERMS", w.exchange, wire.TermsArgs{From: from})
		got := valueOf[wire.TermsResult](t, result, err)
		all.WriteString(got.Text)
		if from = got.Next; from == 0 {
			break
		}
	}
	if all.String() != text {
		t.Errorf("%d bytes were read", all.Len())
	}
}
