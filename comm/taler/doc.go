// Package taler is GNU Taler's language as SWAPEROO's parties speak it on the
// wire: JSON documents, payto and taler:// URIs, versions, error codes, the one
// table of routes that server and client share, a REST client and the strict
// reader of a wire gateway's history.
//
// In the paper's words it is the vocabulary below the Communication Manager: a
// bank that shows its operations as Taler's three APIs, and a terminal, wallet or
// exchange that calls them, agree because both sides import this package.
//
//	uri, err := taler.ParseWithdrawURI("taler://withdraw/bank.example.com/taler-integration/" + id)
//	bank, err := taler.NewClient(uri.BaseURL(), httpClient, taler.Anonymous())
//	status, err := bank.Operation(ctx, uri.ID, taler.LongPoll{})
//
// Old and new spellings are accepted; the union of old and new members is
// emitted; unknown members are ignored; absent optional members are left out.
// Cryptography is elsewhere (crypto/taler); nothing here holds state or reads a
// clock.
package taler
