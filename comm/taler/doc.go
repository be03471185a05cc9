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
// Cryptography is elsewhere (crypto/taler); nothing here keeps anything or reads a
// clock.
//
// What bank, terminal and wallet keep of digital cash is declared here as well, with
// the arguments of its operations: the bundle, which changes it, and the controllers,
// which show it, import this package and never each other.
//
// Where things are:
//
//	documents             terminal.go integration.go wiregateway.go exchange.go keys.go; of an exchange's limits: limit.go
//	their values          values.go payto.go iban.go currency.go fees.go wopid.go withdrawalid.go name.go keygroups.go state.go version.go
//	how they are read     json.go exact.go crowd.go spare.go; histories, strictly: incoming.go outgoing.go
//	addresses             withdrawuri.go exchangebase.go routes.go query.go guard.go
//	the client            client.go authorization.go requests.go requestsgateway.go pace.go; as a session's connection: transport.go
//	refusals              reason.go code.go status.go
//	names                 words.go withdrawprotocol.go
//	kept by the bank      withdrawal.go withdrawalstate.go foreign.go transfer.go returned.go quota.go quotause.go; rows of histories: kept.go
//	kept by a terminal    vendorstate.go
//	kept by a wallet      walletstate.go walletstateexchange.go walletstatesecret.go
//	arguments             args.go walletstateargs.go
package taler
