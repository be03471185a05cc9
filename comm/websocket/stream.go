package websocket

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/swaperoo/swaperoo/comm/rpc"
)

// stream is one WebSocket connection as rpc.Stream, and its line. A timer cuts the
// connection when the peer stays silent, another when a frame cannot be written.
type stream struct {
	*rpc.Pump

	ws    *websocket.Conn
	idle  *time.Timer
	stuck *time.Timer
	in    *rpc.Incoming
	o     Options
}

func newStream(ws *websocket.Conn, o Options, room *rpc.Room, intake *rpc.Intake) *stream {
	s := &stream{ws: ws, o: o}
	s.in = intake.Of(s.cut)
	s.idle = time.AfterFunc(o.Idle, s.cut)
	s.stuck = time.AfterFunc(o.Write, s.cut)
	s.stuck.Stop()
	ws.SetReadLimit(int64(o.MaxFrame))
	ws.SetPingHandler(func(data string) error {
		s.idle.Reset(o.Idle)
		s.Answer([]byte(data))
		return nil
	})
	ws.SetPongHandler(func(string) error {
		s.idle.Reset(o.Idle)
		return nil
	})
	ws.SetCloseHandler(func(int, string) error { return nil }) // the pump answers
	s.Pump = rpc.NewPump(s, room.Queue(s.cut), rpc.Intervals{Ping: o.Ping, Write: o.Write})
	return s
}

var errNotText = &rpc.Breach{Word: "frame-not-text", Did: "sent a frame that is not text"}

// ReadFrame implements rpc.Stream.
func (s *stream) ReadFrame() ([]byte, error) {
	kind, frame, err := s.ws.NextReader()
	var data []byte
	if err == nil {
		data, err = s.in.ReadAll(frame)
	}
	if err == nil && kind != websocket.TextMessage {
		err = errNotText
	}
	if err == nil {
		s.idle.Reset(s.o.Idle)
		return data, nil
	}
	s.ReadEnded()
	if errors.Is(err, websocket.ErrReadLimit) {
		err = rpc.ErrTooBig
	}
	if closed, ok := errors.AsType[*websocket.CloseError](err); ok && closed.Text != "" {
		err = fmt.Errorf("the peer closed it: %q", closed.Text)
	}
	return nil, err
}

// Put implements rpc.Line.
func (s *stream) Put(k rpc.Kind, body []byte) {
	switch k {
	case rpc.Message:
		s.send(websocket.TextMessage, body)
	case rpc.Ping:
		s.send(websocket.PingMessage, body)
	case rpc.Pong:
		s.send(websocket.PongMessage, body)
	case rpc.Goodbye:
		code := websocket.CloseNormalClosure
		if len(body) > 0 {
			code = websocket.ClosePolicyViolation
		}
		s.send(websocket.CloseMessage, websocket.FormatCloseMessage(code, string(body)))
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

// End implements rpc.Line.
func (s *stream) End() {
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
