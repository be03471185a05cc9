// Package rest shows the bank's operations as GNU Taler's three REST APIs: the
// Terminal API at /, the Bank Integration API at /taler-integration/ and the Wire
// Gateway API at /taler-wire-gateway/ (Taler docs, core/api-terminal,
// core/api-bank-integration, core/api-bank-wire). Terminals, wallets and exchanges
// that have never heard of SWAPEROO work with it.
//
// It is a presentation and nothing else. A handler decodes, calls the bank and
// encodes; the routes are those of comm/taler's table, and what a refusal becomes
// is decided by that package's table from reason to status and code.
//
//	api := rest.New(bank, rest.Options{Clock: time.Now, Log: log})
//	err := rest.NewServer(api, rest.Limits{}).Serve(listener)
package rest
