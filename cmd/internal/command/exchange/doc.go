// Package exchange is the commands of the sandbox exchange, which signs real coins
// with keys of its own and has no money behind them:
//
//	swaperoo exchange init --dir D --currency CHF [--url URL] [--account PAYTO]
//	swaperoo exchange serve --dir D [--bank URL --user U --password-file F]
//
// It learns of incoming money at a bank's wire gateway. The bank's address and
// login come from the flags or from the file that `bank init` writes, and are
// remembered.
package exchange
