// Package httpstest has what tests of HTTP need on either side: bodies as servers and
// clients of others encode them (RFC 9110 §8.4.1).
package httpstest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"testing"
)

// Zlibbed is a text in zlib's container, which is what Content-Encoding calls deflate.
func Zlibbed(tb testing.TB, text string) string {
	return encoded(tb, text, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil })
}

// Deflated is a text without that container, as some send it under the same name.
func Deflated(tb testing.TB, text string) string {
	return encoded(tb, text, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
}

// Gzipped is a text as gzip.
func Gzipped(tb testing.TB, text string) string {
	return encoded(tb, text, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
}

func encoded(tb testing.TB, text string, into func(io.Writer) (io.WriteCloser, error)) string {
	tb.Helper()
	var out bytes.Buffer
	w, err := into(&out)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}
