package serve

// Closed is closed.
var Closed = closed
