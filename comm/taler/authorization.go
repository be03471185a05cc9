package taler

import (
	"encoding/base64"
	"net/http"

	"github.com/swaperoo/swaperoo/crypto/masked"
)

// Authorization is how a client proves who it is. It holds a secret and is
// shown nowhere.
type Authorization struct {
	masked.Mask

	header **string
}

// Anonymous proves nothing: the Bank Integration API wants no more.
func Anonymous() Authorization { return Authorization{} }

// Basic is HTTP Basic (RFC 7617): what terminals and exchanges use.
func Basic(login, password string) Authorization {
	header := new("Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+password)))
	return Authorization{header: &header}
}

func (a Authorization) apply(r *http.Request) {
	if a.header != nil {
		r.Header.Set("Authorization", **a.header)
	}
}
