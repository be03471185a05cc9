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

// Linger takes what the peer still sends of a body that is longer than limit, or of unknown length, when it was
// answered: up to 8 MiB, for 5 s. A connection is reset that is closed with something of it unread,
// and a peer that reads when it has sent everything would never see its answer. Call it last, with the body that the
// server made.
func Linger(w http.ResponseWriter, r *http.Request, limit int64) {
	if r.ContentLength >= 0 && r.ContentLength <= limit || strings.EqualFold(r.Header.Get("Expect"), "100-continue") {
		return // the one is read by the server, and the other is not sent
	}
	control := http.NewResponseController(w)
	if control.Flush() != nil || control.SetReadDeadline(time.Now().Add(lingersTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, r.Body, lingers) // who sends more, or no more, is cut off
}
