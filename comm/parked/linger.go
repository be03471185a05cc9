package parked

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// What is taken of a body that was refused for its length, at most.
const (
	lingers     = 8 << 20 // bytes
	lingersTime = 5 * time.Second
)

// Linger reads, after the answer, what the peer still sends of a body that is longer than limit
// or of unknown length: up to 8 MiB, for up to 5 s. If a connection is closed with unread bytes in
// it, it is reset, and a peer that sends everything before it reads would never see the answer.
// Call it last, with the body that the server made.
func Linger(w http.ResponseWriter, r *http.Request, limit int64) {
	if r.ContentLength >= 0 && r.ContentLength <= limit || strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		return // the server reads the first itself, and the second is not sent
	}
	control := http.NewResponseController(w)
	if control.Flush() != nil || control.SetReadDeadline(time.Now().Add(lingersTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, lingers) // a peer that sends more, or stops sending, is cut off
}
