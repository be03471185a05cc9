package api

// What host and plugin must agree on before the first call. The cookie is no
// secret: it tells a person who starts a plugin by hand what to do instead.
const (
	Version     = 1 // of the wire; go-plugin's protocol version
	CookieKey   = "SWAPEROO_PLUGIN"
	CookieValue = "swaperoo-plugin-v1"
	// Service is the name under which go-plugin hands the service out.
	Service = "swaperoo"
)

// Limits of the wire.
const (
	MaxMessage  = 4 << 20      // bytes of one gRPC message, either way
	MaxFrame    = 4<<20 - 1024 // bytes of a frame that we send: what gRPC adds stays below MaxMessage
	PartSize    = 256 << 10    // bytes of a long response that travel in one frame
	MaxResponse = 32 << 20     // bytes of a response that comes in parts
	MaxSteps    = 1000         // steps of one operation, and so of one frame
	Window      = 1 << 20      // bytes that may be on their way; a fixed window needs no measuring pings
)
