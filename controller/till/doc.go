// Package till lets the software of a till sell digital cash at a terminal: a local
// API over HTTP, with an event stream. What a person does in front of `terminal
// withdraw` the software does here: it begins a withdrawal, shows the quote, says
// that the customer accepts it and that the wallet is theirs, and how they pay.
//
// Each withdrawal has a record of the till's, made before the bank is asked and
// open until its end was told. Whatever is open goes on when the process starts
// again, and each event that happens once is in the stream once: an event and the
// note that it was told are one commit.
//
//	t := till.New(terminal)
//	go t.Run(ctx)
//	http.Serve(listener, till.NewAPI(t, till.Options{Token: token}))
package till
