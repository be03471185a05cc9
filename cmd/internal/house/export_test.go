package house

// Unpack is what Restore does in the directory that takes the other's place.
var Unpack = Files.unpack

// Guess is how the passphrase of a slot is tried.
var Guess = Files.guess
