// Package websocket carries sessions over WebSocket connections in TLS 1.3,
// with a self-signed Ed25519 certificate on both sides: the key in it is the
// identity of a party, the names in it mean nothing. There is no form of it in
// clear, and it takes no proxy from the environment.
//
//	t := websocket.New(websocket.Options{TLS: comm.Handshake{Key: id.KeyText(), Server: …, Client: …, KeyOf: …}})
//	door, err := t.Listen(ctx, comm.Address{Scheme: "wss", Host: "127.0.0.1:0"}, accept)
//	conn, err := t.Dial(ctx, door.Address(), handler)
package websocket

import (
	"cmp"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/rpc"
)

// Scheme is that of the addresses, "wss://host:port/#KEY".
const Scheme = "wss"

// Subprotocol names what the frames are. Another version gets another name.
const Subprotocol = "swaperoo.session.v1"

// Options are what a party needs for its sessions.
type Options struct {
	TLS comm.Handshake // who we are, and whom we trust; it comes from outside

	MaxFrame    int           // see rpc.Options
	Connections int           // most connections of a listener; 0: 1024
	PerAddress  int           // most of them from one address, this machine aside; 0: 128
	Waiting     int           // most bytes that wait in all connections together for slow peers, see rpc.Room; 0: 64 MiB
	Coming      int           // most bytes of long frames that are not whole, of all connections together, see rpc.Intake; 0: 64 MiB
	Handshake   time.Duration // for each of TCP with TLS and HTTP; 0: 10 s
	Write       time.Duration // for one frame; 0: 10 s
	Ping        time.Duration // how often a quiet peer is asked; 0: 20 s
	Idle        time.Duration // a peer silent for this long is cut off; 0: 60 s
}

// Transport implements comm.Acceptor.
type Transport struct {
	o       Options
	buffers sync.Pool   // of frames that are being written by accepted connections
	room    *rpc.Room   // for what waits in all connections
	intake  *rpc.Intake // for what comes in all connections
}

// idleBuffer is what an accepted connection reads with while nothing comes: most
// of them wait most of the time. Longer frames pass it by.
const idleBuffer = 1 << 10

// New makes a transport.
func New(o Options) *Transport {
	o.MaxFrame = cmp.Or(o.MaxFrame, rpc.MaxFrame)
	o.Connections = cmp.Or(o.Connections, 1024)
	o.PerAddress = cmp.Or(o.PerAddress, 128)
	o.Waiting = cmp.Or(o.Waiting, 64<<20)
	o.Coming = cmp.Or(o.Coming, 64<<20)
	o.Handshake = cmp.Or(o.Handshake, 10*time.Second)
	o.Write = cmp.Or(o.Write, 10*time.Second)
	o.Ping = cmp.Or(o.Ping, 20*time.Second)
	o.Idle = cmp.Or(o.Idle, time.Minute)
	return &Transport{o: o, room: rpc.NewRoom(o.Waiting), intake: rpc.NewIntake(o.Coming)}
}

// Schemes implements comm.Transport.
func (t *Transport) Schemes() []string { return []string{Scheme} }

// path is where the address points on its host; all of ours are "/" unless said
// otherwise.
func path(a comm.Address) string {
	if a.Path == "" {
		return "/"
	}
	return a.Path
}
