package protocol

// Canonical writes JSON in the one way by which calls are compared.
var Canonical = canonical
