// Package exchange is a sandbox of a GNU Taler exchange: it signs real coins with
// keys of its own, and no money is behind them. It speaks one generation of the
// protocol: 23:0:6 as the reference exchange 0.14.1 was seen to, error bodies and
// odd headers included, or 26:0:1 as the protocol's draft has it, which nothing real
// has confirmed. It says in /config and /terms what it is.
//
//	GET  /config /keys /terms /privacy
//	GET  /reserves/PUB?timeout_ms=N           waits until money has come
//	GET  /reserves/PUB/history                what was put in and taken out, for its owner
//	POST /reserves/PUB/batch-withdraw         coins, up to protocol 25
//	POST /withdraw                            coins, since protocol 26
//	POST /admin/add-incoming                  fills a reserve by hand
//
// Money comes in by Follow, which reads a bank's wire gateway as
// taler-exchange-wirewatch does, and what nobody withdraws goes back by
// CloseReserves, which asks the bank for a transfer. The books are one SQLite file;
// what was answered is in them. There is no deposit and no refresh.
//
// Where things are:
//
//	an exchange           exchange.go; made by: init.go offline.go denomination.go
//	money in and out      follow.go gateway.go credit.go; what goes back: closing.go
//	its API               http.go refusal.go publish.go legal.go
//	reserves              reserve.go history.go hub.go
//	withdrawals           withdraw.go charge.go; since protocol 26: unified.go
//	what it does wrong    misbehave.go
package exchange
