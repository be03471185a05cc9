// Package backup is the format of a backup, of a wallet or a bank: a tar archive, sealed as one
// age file, with a manifest that says what is in it. Tools of others open it, too:
//
//	age -d FILE | tar t
//
// The names of the members are fixed and their sizes bounded: nothing in an
// archive chooses a path.
package backup
