package exchange

// Preferred reads an Accept header.
func Preferred(accept string, types ...string) string { return preferred(accept, types...) }
