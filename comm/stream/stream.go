package stream

import (
	"cmp"
	"context"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Schemes of the addresses.
const (
	Unix        = "unix"         // unix:/path/of.socket#KEY
	Serial      = "serial"       // serial:/dev/ttyS0#KEY
	Stdio       = "stdio"        // stdio:-#KEY; the name of a pipe, "-" for our own input and output
	SerialClear = "serial-clear" // serial-clear:/dev/ttyS0
	StdioClear  = "stdio-clear"  // stdio-clear:-
)

// Options are what a party needs for its sessions.
type Options struct {
	TLS comm.Handshake // who we are, and whom we trust; it comes from outside
	// Clear are the lines that run without TLS because somebody has said so, each
	// written like "serial-clear:/dev/ttyS0".
	Clear []string
	// Pipe opens the pipe of a stdio address, each time that it is dialled or
	// listened at: our own input and output, or those of a command that it starts.
	// ctx bounds the opening. Nil: there are none.
	Pipe func(ctx context.Context, name string) (Pipe, error)

	MaxFrame    int           // see rpc.Options
	Connections int           // most connections of a unix listener; 0: 1024
	Waiting     int           // most bytes that wait in all connections together for slow peers, see rpc.Room; 0: 64 MiB
	Handshake   time.Duration // for all until the session stands; 0: 10 s
	Write       time.Duration // without any progress; 0: 10 s
	Ping        time.Duration // how often a peer is asked; 0: 20 s
	Probe       time.Duration // how soon after a message it is asked whether that has arrived; 0: 2 s
	Idle        time.Duration // a peer silent for this long is cut off; 0: 60 s
}

// Transport implements comm.Acceptor.
type Transport struct {
	o    Options
	room *rpc.Room // for what waits in all sessions
}

// New makes a transport.
func New(o Options) *Transport {
	o.MaxFrame = cmp.Or(o.MaxFrame, rpc.MaxFrame)
	o.Connections = cmp.Or(o.Connections, 1024)
	o.Waiting = cmp.Or(o.Waiting, 64<<20)
	o.Handshake = cmp.Or(o.Handshake, 10*time.Second)
	o.Write = cmp.Or(o.Write, 10*time.Second)
	o.Ping = cmp.Or(o.Ping, 20*time.Second)
	o.Probe = cmp.Or(o.Probe, 2*time.Second)
	o.Idle = cmp.Or(o.Idle, time.Minute)
	return &Transport{o: o, room: rpc.NewRoom(o.Waiting)}
}

// Schemes implements comm.Transport.
func (t *Transport) Schemes() []string {
	return []string{Unix, Serial, Stdio, SerialClear, StdioClear}
}
