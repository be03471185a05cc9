package protocol

// Canonical writes JSON in the one way by which calls are compared.
var Canonical = canonical

// RowSeal is what the sealed part of a row is bound to, and EarlierRowSeal what it was.
var RowSeal, EarlierRowSeal = rowSeal, earlierRowSeal
