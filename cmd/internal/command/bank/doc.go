// Package bank is the commands of the bank's operator: C2EC, which sells digital
// cash by card.
//
// Its data directory is that of package house, with two files more:
//
//	config.toml                what the operator has decided
//	exchange-credentials.conf  what the exchange is to be told, with its password
//
// All commands but serve may run beside a running `bank serve`.
package bank
