package websocket

import (
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// farewellTime is how long a peer has for its own closing frame.
const farewellTime = 2 * time.Second

// stream is one WebSocket connection as rpc.Stream. One goroutine writes; a
// timer cuts the connection when the peer stays silent, another when a frame
// cannot be written.
type stream struct {
	ws    *websocket.Conn
	out   *rpc.Queue
	pongs chan string
	idle  *time.Timer
	stuck *time.Timer
	o     Options

	closing   sync.Once
	reason    string        // written before the queue is closed
	readEnd   chan struct{} // closed by the reader at its first error
	readOnce  sync.Once
	writerEnd chan struct{} // closed by the writer behind everything
}

func newStream(ws *websocket.Conn, o Options, room *rpc.Room) *stream {
	s := &stream{
		ws: ws, pongs: make(chan string, 1), o: o,
		readEnd: make(chan struct{}), writerEnd: make(chan struct{}),
	}
	s.out = room.Queue(s.cut)
	s.idle = time.AfterFunc(o.Idle, s.cut)
	s.stuck = time.AfterFunc(o.Write, s.cut)
	s.stuck.Stop()
	ws.SetReadLimit(int64(o.MaxFrame))
	ws.SetPingHandler(func(data string) error {
		s.idle.Reset(o.Idle)
		select {
		case s.pongs <- data:
		default: // RFC 6455 §5.5.3: the next pong answers for this ping as well
		}
		return nil
	})
	ws.SetPongHandler(func(string) error {
		s.idle.Reset(o.Idle)
		return nil
	})
	ws.SetCloseHandler(func(int, string) error { return nil }) // the writer answers
	go s.write()
	return s
}

// ReadFrame implements rpc.Stream. At the end it waits for the writer, so that
// nothing of the connection is left when the error is returned.
func (s *stream) ReadFrame() ([]byte, error) {
	kind, data, err := s.ws.ReadMessage()
	if err == nil && kind != websocket.TextMessage {
		err = errors.New("a frame that is not text")
	}
	if err == nil {
		s.idle.Reset(s.o.Idle)
		return data, nil
	}
	s.readOnce.Do(func() { close(s.readEnd) })
	<-s.writerEnd
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Text != "" {
		err = fmt.Errorf("the peer closed it: %q", closed.Text)
	}
	return nil, err
}

// WriteFrame implements rpc.Stream.
func (s *stream) WriteFrame(frame []byte) error { return s.out.Push(frame) }

// Close implements rpc.Stream.
func (s *stream) Close(reason string) error {
	s.closing.Do(func() {
		s.reason = reason
		s.out.Close()
	})
	return nil
}

func (s *stream) write() {
	defer close(s.writerEnd)
	defer s.out.Drop()
	ping := time.NewTicker(s.o.Ping)
	defer ping.Stop()
	for {
		select {
		case <-s.out.Ready():
			frame, ok := s.out.Take()
			if !ok {
				s.farewell()
				return
			}
			s.send(websocket.TextMessage, frame)
		case data := <-s.pongs:
			s.send(websocket.PongMessage, []byte(data))
		case <-ping.C:
			s.send(websocket.PingMessage, nil)
		case <-s.readEnd:
			s.farewell()
			return
		}
	}
}

// send writes one frame. An error needs no other care: the reader sees the end
// of the connection too.
func (s *stream) send(kind int, data []byte) {
	s.stuck.Reset(s.o.Write)
	defer s.stuck.Stop()
	if s.ws.WriteMessage(kind, data) != nil {
		s.cut()
	}
}

// farewell says why, and lets the peer read what was sent before the connection
// goes: closing a socket with unread input in it would destroy that.
func (s *stream) farewell() {
	code := websocket.CloseNormalClosure
	s.closing.Do(func() { s.out.Close() })
	if s.reason != "" {
		code = websocket.ClosePolicyViolation
	}
	s.send(websocket.CloseMessage, websocket.FormatCloseMessage(code, s.reason))
	grace := time.NewTimer(min(s.o.Write, farewellTime))
	defer grace.Stop()
	select {
	case <-s.readEnd:
	case <-grace.C:
	}
	s.idle.Stop()
	s.cut()
}

// cut ends the TCP connection under TLS at once; it may be called at any time.
func (s *stream) cut() {
	conn := s.ws.NetConn()
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	_ = conn.Close()
}
