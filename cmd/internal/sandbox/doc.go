// Package sandbox is what the two sandboxes stand on, the card provider
// (sandbox/provider) and the exchange (sandbox/exchange): a database file and a
// timer. They are real servers with books of their own that play the parts of
// companies that we do not have; nothing but cmd imports them.
package sandbox
