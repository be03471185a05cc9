package taler

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
)

// Authorization is how a client proves who it is. It holds a secret and prints as
// "[secret]".
type Authorization struct{ header string }

// Anonymous proves nothing: the Bank Integration API wants no more.
func Anonymous() Authorization { return Authorization{} }

// Basic is HTTP Basic (RFC 7617): what terminals and exchanges use.
func Basic(login, password string) Authorization {
	return Authorization{"Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+password))}
}

func (a Authorization) apply(r *http.Request) {
	if a.header != "" {
		r.Header.Set("Authorization", a.header)
	}
}

const masked = "[secret]"

// String hides the secret.
func (a Authorization) String() string { return masked }

// Format hides the secret from every verb of fmt.
func (a Authorization) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, masked) }

// LogValue hides the secret from structured logs.
func (a Authorization) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText hides the secret from every encoder.
func (a Authorization) MarshalText() ([]byte, error) { return []byte(masked), nil }
