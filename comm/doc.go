// Package comm is the paper's Communication Manager (SWAPEROO §3, §5.1): peers,
// the connections that sessions run over, the transports that make them, and the
// one way by which plugins reach a foreign server.
//
// A connection carries requests from its initiator only: the wallet is
// client-driven (paper §1, §4), so a servicer that sends a request has its
// connection closed. What the requests say is in methods.go; how they are
// written on a wire is the business of comm/rpc and of comm/taler.
//
//	m := comm.NewManager(fetcher, websocket.New(…), stream.New(…))
//	conn, err := m.Dial(ctx, peer, handler)
//	err = conn.Call(ctx, comm.MethodClasses, comm.Classes{Invoice: invoice}, &offered)
//
// Where things are:
//
//	the Manager           manager.go
//	peers                 peer.go address.go trust.go
//	connections           conn.go (transports, too) methods.go
//	for transports        handshake.go places.go
//	foreign servers       fetch.go unreached.go
package comm
