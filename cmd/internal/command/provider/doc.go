// Package provider is the commands of the card provider simulator, which plays
// the part of a payment provider and of the companies behind its cards:
//
//	swaperoo provider serve --dir D [--listen ADDR]
//	swaperoo provider card add --dir D --out FILE [--behaviour WORD]
//	swaperoo provider user add --dir D --space N --out FILE
//
// It needs no init: its directory is made at first use.
package provider
