// Package cli is what all commands share: where output goes, how secrets come
// in, what a fault looks like and which exit code it has.
//
// Standard output is data, standard error is messages and progress. With --json
// every command prints one JSON object, a stream one object a line. There is
// never a prompt with --json, --no-input or without a terminal.
package cli
