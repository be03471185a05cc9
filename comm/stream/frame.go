package stream

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// A frame is its kind (one byte), the length of its body (four bytes, the highest
// first), the body, and a sum over all that. In TLS the sum finds nothing; on a
// line in clear it finds noise, though no attacker.
type kind byte

const (
	message kind = 'm'
	ping    kind = 'p' // the body is how many messages came before it, eight bytes; that of older peers is empty
	pong    kind = 'o'
	welcome kind = 'w' // the servicer has taken the dialler's key; always the first
	goodbye kind = 'g' // the body is the reason; always the last
)

const (
	headSize = 5
	sumSize  = 4
	maxShort = 125 // the longest body of all kinds but message
)

// Why a frame cannot be read. The texts are the reasons that the peer gets to see.
var (
	errTooBig    = rpc.ErrTooBig
	errMalformed = rpc.ErrMalformed
	errGarbled   = errors.New("frame-garbled")
	errMissing   = errors.New("frame-missing")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func frameOf(k kind, body []byte) []byte {
	b := make([]byte, headSize, headSize+len(body)+sumSize)
	b[0] = byte(k)
	binary.BigEndian.PutUint32(b[1:], uint32(len(body)))
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// readFrame reads one frame whose message is no longer than limit. What a peer
// announces costs nothing: room is made for what has come. An end within a frame
// is io.ErrUnexpectedEOF.
func readFrame(r *bufio.Reader, limit int) (kind, []byte, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	k, size := kind(head[0]), int64(binary.BigEndian.Uint32(head[1:]))
	switch k {
	case message:
	case ping, pong, welcome, goodbye:
		limit = maxShort
	default:
		return 0, nil, errMalformed
	}
	if size > int64(limit) {
		return 0, nil, errTooBig
	}
	var body bytes.Buffer
	if n, err := io.CopyN(&body, r, size+sumSize); err != nil {
		if errors.Is(err, io.EOF) && n < size+sumSize {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	data := body.Bytes()[:size]
	sum := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, data)
	if sum != binary.BigEndian.Uint32(body.Bytes()[size:]) {
		return 0, nil, errGarbled
	}
	return k, data, nil
}
