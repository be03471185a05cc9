package house

// Unpack is what Restore does in the directory that takes the other's place.
var Unpack = Files.unpack
