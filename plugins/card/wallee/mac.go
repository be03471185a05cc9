package wallee

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// The headers that every request bears.
const (
	HeaderVersion   = "x-mac-version"
	HeaderUser      = "x-mac-userid"
	HeaderTimestamp = "x-mac-timestamp"
	HeaderValue     = "x-mac-value"
)

// MACVersion is the only version of the MAC in this version of the service.
const MACVersion = "1"

// Sign makes the headers of a request by an application user. Path is what
// follows the host, exactly as it is sent: from /api/ to the end of the query,
// with the same escapes and order. The body is not under the MAC; TLS alone
// protects it.
func Sign(key []byte, user int64, at time.Time, method, path string) map[string]string {
	who, when := strconv.FormatInt(user, 10), strconv.FormatInt(at.Unix(), 10)
	return map[string]string{
		HeaderVersion: MACVersion, HeaderUser: who, HeaderTimestamp: when,
		HeaderValue: base64.StdEncoding.EncodeToString(MAC(key, MACVersion, who, when, method, path)),
	}
}

// MAC is the value of the last header before base64, over the others as they are
// written.
func MAC(key []byte, version, user, timestamp, method, path string) []byte {
	h := hmac.New(sha512.New, key)
	h.Write([]byte(strings.Join([]string{version, user, timestamp, strings.ToUpper(method), path}, "|")))
	return h.Sum(nil)
}
