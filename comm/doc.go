// Package comm is the paper's Communication Manager (SWAPEROO §3, §5.1): peers,
// the connections that sessions run over, the transports that make them, and
// the one way by which plugins reach a foreign server.
//
// A connection carries requests from its initiator only: the wallet is
// client-driven (paper §1, §4), so a servicer that sends a request has its
// connection closed. What the requests say is in methods.go; how they are
// written on a wire is the business of comm/rpc and of comm/taler.
package comm
